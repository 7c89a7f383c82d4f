import { fc, test as propertyTest } from '@fast-check/vitest'
import { describe, expect, test } from 'vitest'
import type { ChildWalk } from '../../src/memory/child-walk.ts'
import { alias, container, IommuRegion, type MemoryRegion, MemorySystem, mmio, ram } from '../../src/memory/index.ts'
import { mapText } from './map-text.ts'

const silent = { read: () => 0, write() {} }

const place = fc.record({
  at: fc.oneof(
    fc.bigInt(0n, 64n),
    fc.bigInt(2n ** 32n - 20n, 2n ** 32n + 20n),
    fc.bigInt(2n ** 64n - 64n, 2n ** 64n - 1n),
  ),
  size: fc.oneof(fc.bigInt(1n, 40n), fc.constant(2n ** 64n)),
  priority: fc.integer({ min: -1, max: 1 }),
  isGone: fc.boolean(),
})

propertyTest.prop([fc.array(place, { maxLength: 30 }), fc.bigInt(0n, 2n ** 64n - 1n), fc.bigInt(0n, 100n)], {
  numRuns: 150,
})(
  'a walk meets the enabled children of a window in the order of the list (TM-2, FV-3)',
  (places, anywhere, length) => {
    const parent = container('parent')
    const children: MemoryRegion[] = places.map(({ size }, i) => container(`${i}`, size))
    for (const [i, child] of children.entries()) parent.add(child, places[i]!.at, { priority: places[i]!.priority })
    for (const [i, child] of children.entries()) if (places[i]!.isGone) parent.remove(child)

    for (const first of [anywhere, ...places.map(({ at }) => at)]) {
      const last = first + length
      const walk: ChildWalk | undefined = parent.walk(first, last, () => false)
      const met: MemoryRegion[] = []
      for (let child = walk?.next(); child !== undefined; child = walk?.next()) met.push(child)

      expect(met).toEqual(
        parent.children.filter((child) => child.address <= last && child.address + child.size > first),
      )
    }
  },
)

test('a region over all others ends the walk at once (FV-3)', () => {
  const parent = container('parent')
  for (let i = 0n; i < 1000n; i++) parent.add(container(`${i}`, 0x1000n), i * 0x800n)
  const cover = container('cover')
  parent.add(cover, 0n, { priority: 1 })

  let isCovered = false
  const walk = parent.walk(0n, 2n ** 64n - 1n, () => isCovered)
  const first = walk?.next()
  isCovered = true

  expect([first, walk?.next()]).toEqual([cover, undefined])
})

describe('regions in a tree', () => {
  test('are mapped while they, or an alias that shows them, are in a container (MR-9)', () => {
    const memory = ram('ram', 0x1000n)
    const inner = alias('inner', memory)
    const outer = alias('outer', inner)
    const root = container('root')

    const before = memory.mapped
    root.add(outer, 0n)
    const between = [memory.mapped, inner.mapped]
    root.remove(outer)

    expect([before, ...between, memory.mapped]).toEqual([false, true, true, false])
  })

  test('an IOMMU region answers itself and has its translator (MR-13)', () => {
    const translator = { translate() {} }
    const window = new IommuRegion('window', 0x1000n, translator)
    const space = new MemorySystem('machine').createSpace('memory', window)

    expect(space.find(0n)).toMatchObject({ region: window, translator, mappable: undefined })
  })

  test('may overlap as they like; without a priority they have 0 (TM-1)', () => {
    const root = container('root')
    const plain = ram('plain', 0x2000n)
    root.add(plain, 0n)
    root.add(ram('below', 0x3000n), 0n, { priority: -5 })

    expect(plain.priority).toBe(0)
    expect(mapText(new MemorySystem('machine').createSpace('memory', root))).toBe(
      'plain[0..1fff] below[2000..2fff]@2000',
    )
  })

  test('the priority of an alias`s target does not matter where the alias is (TM-4)', () => {
    const elsewhere = container('elsewhere')
    const target = ram('target', 0x1000n)
    elsewhere.add(target, 0n, { priority: 100 })
    const root = container('root')
    root.add(ram('above', 0x1000n), 0n, { priority: 1 })
    root.add(alias('window', target), 0n)

    expect(mapText(new MemorySystem('machine').createSpace('memory', root))).toBe('above[0..fff]')
  })

  test('a gap that is filled shows the offset from the region`s beginning (FV-4)', () => {
    const root = container('root')
    root.add(ram('high', 0x1000n), 0x2000n, { priority: 1 })
    root.add(ram('low', 0x4000n), 0x1000n)

    expect(mapText(new MemorySystem('machine').createSpace('memory', root))).toBe(
      'low[1000..1fff] high[2000..2fff] low[3000..4fff]@2000',
    )
  })

  test('a view may have more sections than a page has bytes (FV-12)', () => {
    const root = container('root')
    const space = new MemorySystem('machine').createSpace('memory', root)
    for (let i = 0n; i < 5000n; i++) root.add(mmio(`m${i}`, 1n, silent), i * 2n)

    expect(space.flatView.ranges.length).toBe(5000)
    expect(space.find(9998n)?.region.name).toBe('m4999')
  })
})
