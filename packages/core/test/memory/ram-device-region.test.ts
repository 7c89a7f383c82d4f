import { expect, test } from 'vitest'
import {
  container,
  FlatRange,
  MemorySystem,
  MemTx,
  mmio,
  ram,
  ramDevice,
  rom,
  romDevice,
  SparseMemory,
} from '../../src/memory/index.ts'

const silent = { read: () => 0, write() {} }

function shown(size = 0x1000n) {
  const system = new MemorySystem('machine')
  const root = container('root')
  const device = ramDevice('bar', size)
  root.add(device, 0n)
  return { root, device, space: system.createSpace('memory', root) }
}

test.each([
  [ram('ram', 0x1000n), true],
  [rom('rom', 0x1000n), true],
  [ramDevice('bar', 0x1000n), true],
  [romDevice('flash', 0x1000n, silent), false],
  [mmio('uart', 0x1000n, silent), false],
])('of the kinds of regions RAM, ROM and RAM devices can be mapped by a host (MR-3)', (region, expected) => {
  const range = new FlatRange(region, 0n, 0xfffn, 0n, { readonly: false, romMode: true })

  expect(range.mappable !== undefined).toBe(expected)
})

test('a RAM device is reached by calls, not directly (MR-4)', () => {
  const { space } = shown()

  expect(space.find(0n)?.ram).toBeUndefined()
  expect(space.find(0n)?.port).toBeDefined()
})

test('what is written at any address in any size is read again', () => {
  const { space, device } = shown()
  const bytes = Uint8Array.from({ length: 23 }, (_, i) => i + 1)
  const into = new Uint8Array(23)

  const results = [space.write(0x101n, bytes), space.read(0x101n, into)]

  expect(results).toEqual([MemTx.ok, MemTx.ok])
  expect(into).toEqual(bytes)
  device.memory.read(0x101n, into)
  expect(into).toEqual(bytes)
})

test('an access ends with the section, as in RAM (LK-2)', () => {
  const { root, space } = shown(0x1001n)
  const behind = ram('behind', 0x1000n)
  root.add(behind, 0x1001n)

  space.write(0xffen, Uint8Array.of(1, 2, 3, 4, 5, 6))

  const into = new Uint8Array(3)
  behind.memory.read(0n, into)
  expect(into).toEqual(Uint8Array.of(4, 5, 6))
})

test('one that is larger than its memory is refused', () => {
  expect(() => ramDevice('bar', 0x2000n, new SparseMemory(0x1000n))).toThrow("region 'bar' cannot have 0x2000 bytes")
  expect(() => shown().device.setSize(0x2000n)).toThrow("region 'bar' cannot have 0x2000 bytes")
})
