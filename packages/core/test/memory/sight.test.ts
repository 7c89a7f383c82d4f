import { expect, test } from 'vitest'
import { alias, container, type MemoryRegion, MemorySystem, ram } from '../../src/memory/index.ts'

function machine() {
  const system = new MemorySystem('machine')
  const root = container('root')
  const dma = ram('dma', 0x1000n)
  // Another child keeps the view from being that of a region further down (FV-9).
  root.add(ram('other', 0x1000n), 0x8000n)
  return { system, root, dma, space: system.createSpace('memory', root) }
}

const names = (regions: Iterable<MemoryRegion>) => [...regions].map(({ name }) => name)

test('an alias above which nothing is seen sleeps, though what it shows is mapped (MR-9)', () => {
  const { root, dma } = machine()
  const free = container('free')
  const other = ram('other', 0x1000n)

  root.add(alias('seen', dma), 0n)
  free.add(alias('unseen', dma), 0n)
  free.add(alias('unseen too', other), 0n)

  expect(names(dma.sight.awake)).toEqual(['seen'])
  expect([names(other.sight.awake), other.mapped]).toEqual([[], true])
})

test('an alias wakes when the tree that it is in comes to be seen, and what changes then is seen', () => {
  const { root, dma, space } = machine()
  const [inner, outer] = [container('inner', 0x1000n), container('outer', 0x1000n)]
  inner.add(alias('window', dma), 0n)
  outer.add(inner, 0n)

  root.add(outer, 0x1000n)
  dma.setReadonly(true)

  expect(names(dma.sight.awake)).toEqual(['window'])
  expect(space.find(0x1000n)?.readonly).toBe(true)
})

test('an alias wakes when a space is made above it', () => {
  const { system, dma } = machine()
  const free = container('free')
  free.add(alias('window', dma), 0x1000n)

  const space = system.createSpace('late', free)
  dma.setEnabled(false)

  expect(names(dma.sight.awake)).toEqual(['window'])
  expect(space.flatView.ranges).toEqual([])
})

test('an alias wakes when an alias of what it is in does', () => {
  const { system, dma, root } = machine()
  const [inner, outer] = [container('inner', 0x1000n), container('outer')]
  system.adopt(dma)
  inner.add(alias('window', dma), 0n)
  outer.add(alias('second', inner), 0n)
  expect(names(inner.sight.awake)).toEqual([])

  root.add(outer, 0n)

  expect([names(inner.sight.awake), names(dma.sight.awake)]).toEqual([['second'], ['window']])
})

test('an alias sleeps again when the tree that it is in is seen no more, and something changes', () => {
  const { root, dma } = machine()
  const bus = container('bus', 0x1000n)
  root.add(dma, 0n)
  bus.add(alias('window', dma), 0n)
  root.add(bus, 0x1000n)
  root.remove(bus)

  dma.setReadonly(true)

  expect(names(dma.sight.awake)).toEqual([])
  expect(names(bus.sight.sleepers)).toEqual(['window'])
})

test('an alias that is taken out of where it was is not known any more, asleep or awake', () => {
  const { root, dma } = machine()
  const free = container('free')
  const [seen, unseen] = [alias('seen', dma), alias('unseen', dma)]
  root.add(seen, 0n)
  free.add(unseen, 0n)

  root.remove(seen)
  free.remove(unseen)

  expect([names(dma.sight.awake), names(free.sight.sleepers), dma.mapped]).toEqual([[], [], false])
})

test('what sleeps in a part of an unseen tree does not wait for the rest when the part is taken out', () => {
  const { dma, root } = machine()
  const [inner, outer] = [container('inner', 0x1000n), container('outer')]
  inner.add(alias('window', dma), 0n)
  outer.add(inner, 0n)
  outer.remove(inner)

  root.add(outer, 0n)

  expect(names(dma.sight.awake)).toEqual([])
})

test('trees that were dropped with aliases in them are not kept by what the aliases show', () => {
  const { root, dma } = machine()
  root.add(dma, 0n)

  for (let i = 0; i < 200; i++) {
    const device = container(`device ${i}`, 0x1000n)
    device.add(alias(`window ${i}`, dma), 0n)
    root.add(device, 0x1000n)
    root.remove(device)
  }

  expect([...dma.sight.awake].length).toBeLessThan(50)
})

test('a cycle through an alias that sleeps is found (MR-7)', () => {
  const [inner, middle, outer] = [container('inner'), container('middle'), container('outer')]
  middle.add(alias('to inner', inner), 0n)
  outer.add(alias('to middle', middle), 0n)

  expect(() => inner.add(outer, 0n)).toThrow("'outer' cannot be added to 'inner': 'inner' is seen in 'outer'")
})

test('no cycle is found where an alias has been taken out', () => {
  const [inner, middle, outer] = [container('inner'), container('middle'), container('outer')]
  const window = alias('to middle', middle)
  middle.add(alias('to inner', inner), 0n)
  outer.add(window, 0n)
  outer.remove(window)
  outer.add(container('another'), 0n)

  inner.add(outer, 0n)

  expect(inner.children).toEqual([outer])
})
