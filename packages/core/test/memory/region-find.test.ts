import { expect, test } from 'vitest'
import { alias, container, findSection, isPresent, MemorySystem, mmio, ram } from '../../src/memory/index.ts'

function scene() {
  const system = new MemorySystem('machine')
  const [root, bus] = [container('root'), container('bus', 0x8000n)]
  const space = system.createSpace('memory', root)
  const [low, high] = [ram('low', 0x2000n), ram('high', 0x2000n)]
  root.add(bus, 0x10000n)
  bus.add(low, 0x1000n)
  bus.add(high, 0x4000n)
  return { root, bus, low, high, space }
}

test('the first range that meets the bytes is found in the space of the topmost container, cut to them (LR-7)', () => {
  const { bus, low, space } = scene()

  const found = findSection(bus, 0x1800n, 0x4000n)

  expect(found).toMatchObject({ space, start: 0x11800n, last: 0x12fffn, offset: 0x800n })
  expect(found?.range.region).toBe(low)
})

test('bytes before the first range are left out, and ranges behind the bytes are not found (LR-7)', () => {
  const { bus } = scene()

  expect(findSection(bus, 0n, 0x1001n)).toMatchObject({ start: 0x11000n, last: 0x11000n, offset: 0n })
  expect(findSection(bus, 0n, 0x1000n)).toBeUndefined()
  expect(findSection(bus, 0x6000n, 2n ** 64n)).toBeUndefined()
})

test('what covers a region is found in its place (LR-7)', () => {
  const { bus, low } = scene()
  const cover = mmio('cover', 0x1000n, { read: () => 0, write: () => {} })
  bus.add(cover, 0x1000n, { priority: 1 })

  expect(findSection(low, 0n, 1n)?.range.region).toBe(cover)
})

test('nothing is found of a region that no space has above it (LR-7)', () => {
  const { root, bus } = scene()
  const free = container('free')
  free.add(alias('window', bus), 0n)
  root.remove(bus)

  expect([findSection(free, 0n, 0x8000n), findSection(bus, 0n, 0x8000n)]).toEqual([undefined, undefined])
})

test('something is present where anything else than the container is seen (LR-7)', () => {
  const { root, bus } = scene()
  const around = mmio('around', 0x100000n, { read: () => 0, write: () => {} })
  root.add(around, 0x100000n)
  around.add(ram('inside', 0x1000n), 0n)

  expect([isPresent(bus, 0x1000n), isPresent(bus, 0n)]).toEqual([true, false])
  expect([isPresent(around, 0xfffn), isPresent(around, 0x1000n)]).toEqual([true, false])
})
