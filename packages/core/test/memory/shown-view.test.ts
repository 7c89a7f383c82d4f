import { fc, test } from '@fast-check/vitest'
import { test as example, expect } from 'vitest'
import { LAST_ADDRESS } from '../../src/address/units.ts'
import { container, type MemoryRegion, ram } from '../../src/memory/index.ts'
import { ShownView } from '../../src/memory/shown-view.ts'

const UNIT = 0x800n

function machine() {
  const root = container('root')
  const regions = [1, 2, 3, 5].map((size) => ram(`r${size}`, BigInt(size) * UNIT))
  for (const [i, region] of regions.entries()) root.add(region, BigInt(4 * i) * UNIT)
  let calls = 0
  const view = new ShownView(root, () => calls++)
  return { root, regions, view, calls: () => calls }
}

const texts = (view: ShownView) =>
  view.view.ranges.map(({ region, start, last, offset }) => `${region.name} ${start}-${last}@${offset}`)

test.prop([fc.array(fc.record({ region: fc.nat(3), at: fc.nat(20) }), { minLength: 1, maxLength: 20 })], {
  numRuns: 100,
})('an update in what was touched shows what a view that is made anew shows (FV-9)', (moves) => {
  const { root, regions, view } = machine()

  for (const { region, at } of moves) {
    const moved = regions[region] as MemoryRegion
    view.touch(moved.address, moved.address + moved.size - 1n)
    root.remove(moved)
    root.add(moved, BigInt(at) * UNIT)
    view.touch(moved.address, moved.address + moved.size - 1n)
    const before = view.view
    const hasChanged = view.update()

    expect(texts(view)).toEqual(texts(new ShownView(root, () => undefined)))
    expect(hasChanged).toBe(view.view !== before)
    expect(view.before).toBe(before)
    expect(before.patched(view.patchesFrom(before) ?? []).ranges).toEqual(view.view.ranges)
  }
})

example('says once that it was touched, until it has been updated', () => {
  const { view, calls } = machine()

  view.touch(0n, 1n)
  view.touch(0x5000n, 0x5001n)
  const first = calls()
  const hasChanged = view.update()
  view.touchAll()

  expect([first, hasChanged, calls()]).toEqual([1, false, 2])
})

example("touches are shifted by the region's own address, and cut off at the end (FV-11)", () => {
  const { root, regions, view } = machine()
  const moved = regions[0] as MemoryRegion
  root.setAddress(0x10_0000n)
  view.touchAll()
  view.update()
  root.remove(moved)

  view.touch(0n, UNIT - 1n)
  const hasChanged = view.update()
  view.touch(LAST_ADDRESS - 0xfn, LAST_ADDRESS)
  const isStill = view.update()

  expect([hasChanged, isStill, texts(view)]).toEqual([true, false, texts(new ShownView(root, () => undefined))])
})

example('what lies behind the end of all addresses touches nothing (FV-11)', () => {
  const { root, view, calls } = machine()
  root.setAddress(0x1000n)

  view.touch(LAST_ADDRESS - 0xfn, LAST_ADDRESS)

  expect(calls()).toBe(0)
})

example('knows how it came from the view before, until that is told', () => {
  const { root, regions, view } = machine()
  const older = view.view
  const moved = regions[0] as MemoryRegion
  root.remove(moved)
  view.touch(0n, UNIT - 1n)
  view.update()
  const old = view.before

  const patches = [view.patchesFrom(view.view)?.length, view.patchesFrom(old)?.length]
  view.settle()

  expect([patches, old]).toEqual([[0, 1], older])
  expect([view.before, view.patchesFrom(old)]).toEqual([view.view, undefined])
})
