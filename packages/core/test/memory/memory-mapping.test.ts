import { describe, expect, test } from 'vitest'
import { container, type MemoryMapping, MemorySystem, mmio, ram, SparseMemory } from '../../src/memory/index.ts'
import { RecordingDevice } from './recording-device.ts'

function mapped(length: number, write = true, memory = new SparseMemory(0x40000n)) {
  const root = container('root')
  root.add(ram('ram', memory.size, { memory }), 0x100000n)
  const device = new RecordingDevice()
  root.add(mmio('regs', 0x1000n, device), 0n)
  const space = new MemorySystem('machine').createSpace('memory', root)
  return { space, memory, device, mapping: space.map(0x10fff0n, length, { write }) as MemoryMapping }
}

describe('the pieces of a mapping', () => {
  test('are the memory itself, side by side as far as chunks are', () => {
    const { mapping, memory } = mapped(0x20020)
    const lengths: number[] = []

    for (let at = 0; at < mapping.length; ) {
      const piece = mapping.piece(at)
      piece[0] = lengths.length + 1
      lengths.push(piece.length)
      at += piece.length
    }

    expect(lengths.reduce((sum, length) => sum + length, 0)).toBe(0x20020)
    const into = new Uint8Array(1)
    memory.read(0xfff0n, into)
    expect(into[0]).toBe(1)
  })

  test('that lie apart are pieces of their own', () => {
    const memory = new SparseMemory(0x40000n)
    for (const at of [0x20000n, 0x10000n, 0n]) memory.write(at, Uint8Array.of(1))
    const { mapping } = mapped(0x20, true, memory)

    expect([mapping.piece().length, mapping.piece(0x10).length]).toEqual([0x10, 0x10])
  })

  test('see what is written later, by either side', () => {
    const { mapping, space } = mapped(4)
    const piece = mapping.piece()

    space.write(0x10fff1n, Uint8Array.of(7))
    piece[2] = 8
    const into = new Uint8Array(4)
    mapping.read(0, into)

    expect([piece[1], ...into]).toEqual([7, 0, 7, 8, 0])
  })

  test('are none where the host has no memory for them', () => {
    const { mapping } = mapped(4, true, new SparseMemory(0x40000n, { limit: 1 }))

    expect([mapping.piece().length, mapping.write(0, Uint8Array.of(1))]).toEqual([0, false])
  })

  test('of a buffer are one', () => {
    const { space, device } = mapped(4)
    const mapping = space.map(0n, 8, { write: true }) as MemoryMapping

    mapping.piece(4)[0] = 9
    mapping.unmap()

    expect(device.take()).toEqual(['write 0 4 0', 'write 4 4 9'])
  })
})

describe('a mapping', () => {
  test.each([
    [-1, 1],
    [0, 17],
    [16, 1],
    [0.5, 1],
  ])('has no byte past its end: at %d, %d bytes', (offset, length) => {
    const { mapping } = mapped(16)

    expect(() => mapping.read(offset, new Uint8Array(length))).toThrow(
      `the mapping at 0x10fff0 of 'memory' has 16 bytes: ${length} at ${offset} are not in it`,
    )
  })

  test('to be read cannot be written', () => {
    expect(() => mapped(16, false).mapping.write(0, Uint8Array.of(1))).toThrow('is mapped to be read')
  })

  test('cannot be used when it is unmapped (BB-7)', () => {
    const { mapping } = mapped(16)
    mapping.unmap()

    for (const use of [() => mapping.piece(), () => mapping.read(0, new Uint8Array(1)), () => mapping.unmap()]) {
      expect(use).toThrow(/unmapped already|not mapped any more/)
    }
  })

  test('ends with its block, unless it has been unmapped', () => {
    const { space } = mapped(16)
    {
      using _open = space.map(0n, 16)
      using closed = space.map(0n, 16)
      closed?.unmap()
      expect(space.bounce.used).toBe(16)
    }

    expect(space.bounce.used).toBe(0)
  })

  test('copies across chunks', () => {
    const { mapping } = mapped(0x40)
    const data = Uint8Array.from({ length: 0x40 }, (_, i) => i + 1)

    mapping.write(0, data)
    const into = new Uint8Array(0x40)
    mapping.read(0, into)

    expect(into).toEqual(data)
  })
})
