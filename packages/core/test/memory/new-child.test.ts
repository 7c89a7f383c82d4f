import fc from 'fast-check'
import { expect, test } from 'vitest'
import { alias, container, type MemoryRegion, ram } from '../../src/memory/index.ts'

test('a region that is in a container already is refused, and all three are named (MR-8)', () => {
  const first = container('first')
  const second = container('second')
  const child = ram('ram', 0x1000n)
  first.add(child, 0n)

  expect(() => second.add(child, 0n)).toThrow(
    "'ram' cannot be added to 'second': it is in 'first' already; add an alias",
  )
  expect(second.children).toEqual([])
})

test('a region to itself is refused', () => {
  const bus = container('bus')

  expect(() => bus.add(bus, 0n)).toThrow("'bus' cannot be added to 'bus'")
})

test('a container to what it contains is refused', () => {
  const outer = container('outer')
  const inner = container('inner')
  outer.add(inner, 0n)

  expect(() => inner.add(outer, 0n)).toThrow("'outer' cannot be added to 'inner': 'inner' is seen in 'outer'")
})

test('an alias below its own target is refused (MR-7)', () => {
  const bus = container('bus')
  const inner = container('inner')
  bus.add(inner, 0n)

  expect(() => inner.add(alias('loop', alias('bus-alias', bus)), 0n)).toThrow(
    "'loop' cannot be added to 'inner': 'inner' is seen in 'loop'",
  )
})

test('a child to an alias is refused (MR-6)', () => {
  const window = alias('window', ram('ram', 0x1000n))

  expect(() => window.add(ram('child', 1n), 0n)).toThrow(
    "cannot be added to the alias 'window': add it to the region 'ram'",
  )
})

test('a cycle is found from below too, where a region has hundreds of aliases above it (MR-7)', () => {
  const bus = container('bus')
  const views = Array.from({ length: 300 }, (_, index) => container(`view${index}`))
  for (const view of views) view.add(alias('window', bus), 0n)
  const between = container('between')
  const last = views.at(-1) as MemoryRegion
  between.add(last, 0n)

  expect(() => bus.add(between, 0n)).toThrow("'between' cannot be added to 'bus': 'bus' is seen in 'between'")
  expect(() => bus.add(container('other'), 0n)).not.toThrow()
  const aside = container('aside')
  aside.add(ram('ram', 0x1000n), 0n)
  expect(() => bus.add(aside, 0n)).not.toThrow()
})

test('what is refused is what a search from the child down finds, for any graph (MR-7)', () => {
  const step = fc.record({ parent: fc.nat(7), child: fc.nat(7), through: fc.boolean() })

  fc.assert(
    fc.property(fc.array(step, { maxLength: 40 }), fc.nat(100), (steps, views) => {
      const regions = Array.from({ length: 8 }, (_, index) => container(`region${index}`))
      for (let view = 0; view < views; view++) container('view').add(alias('window', regions[0] as MemoryRegion), 0n)
      for (const { parent, child, through } of steps) {
        const above = regions[parent] as MemoryRegion
        const below = regions[child] as MemoryRegion
        if (!through && below.container !== undefined) continue
        const added = through ? alias('alias', below) : below

        const add = (): void => above.add(added, 0n)

        if (leadsTo(below, above)) expect(add).toThrow('cannot be added')
        else add()
      }
    }),
    { numRuns: 100 },
  )
})

function leadsTo(from: MemoryRegion, region: MemoryRegion): boolean {
  return (
    from === region ||
    (from.target !== undefined && leadsTo(from.target, region)) ||
    from.children.some((child) => leadsTo(child, region))
  )
}
