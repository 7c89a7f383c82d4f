import { expect, test } from 'vitest'
import { container, MemorySystem, mmio, ram, rom, romDevice, SparseMemory } from '../../src/memory/index.ts'

test('regions may share their bytes', () => {
  const memory = new SparseMemory(0x2000n)
  const root = container('root')
  root.add(ram('a', 0x2000n, { memory }), 0n)
  root.add(rom('b', 0x1000n, { memory }), 0x10000n)
  const space = new MemorySystem('machine').createSpace('memory', root)
  const into = new Uint8Array(2)

  space.write(0x10n, Uint8Array.of(1, 2))
  space.read(0x10010n, into)

  expect([...into]).toEqual([1, 2])
})

test('a region cannot be larger than its bytes', () => {
  const memory = new SparseMemory(0x1000n)

  expect(() => ram('ram', 0x2000n, { memory })).toThrow("'ram' cannot have 0x2000 bytes: its memory has 0x1000")
  expect(() => ram('ram', 0x1000n).setSize(0x1001n)).toThrow("'ram' cannot have 0x1001 bytes")
})

test('kinds tell RAM from ROM', () => {
  expect([ram('ram', 1n).kind, rom('rom', 1n).kind]).toEqual(['ram', 'rom'])
})

test('registers end at 2^53, where offsets stop being exact', () => {
  const ops = { read: () => 0, write() {} }

  expect(() => mmio('uart', 2n ** 53n + 1n, ops)).toThrow("the registers of 'uart' cannot have 0x20000000000001 bytes")
  expect(() => romDevice('flash', 0x1000n, ops).setSize(2n ** 54n)).toThrow("the registers of 'flash'")
})
