import { describe, expect, test } from 'vitest'
import { KiB, MiB } from '../../src/address/units.ts'
import { Machine } from '../../src/machine/machine.ts'
import { AliasRegion } from '../../src/memory/alias-region.ts'
import { ram } from '../../src/memory/ram-region.ts'
import { romDevice } from '../../src/memory/rom-device-region.ts'
import { SparseMemory } from '../../src/memory/sparse-memory.ts'
import { memoriesOf, restoreMemory, saveMemory } from '../../src/snapshot/saved-memory.ts'

describe('the memories of a machine', () => {
  test('are found behind RAM, flash and aliases, hidden or not, each once', () => {
    const machine = new Machine('pc')
    const low = machine.map(0n, ram('low', 64n * KiB))
    machine.map(MiB, ram('mirror', 64n * KiB, { memory: low.memory }))
    const far = ram('far', 4n * KiB)
    machine.map(2n * MiB, new AliasRegion('alias', far))
    const flash = machine.map(3n * MiB, romDevice('flash', 4n * KiB, { read: () => 0, write: () => {} }))
    flash.setEnabled(false)

    const found = memoriesOf(machine)

    expect([...found]).toEqual([
      ['far', far.memory],
      ['flash', flash.memory],
      ['low', low.memory],
    ])
  })

  test('have names of their own, whichever was mapped first', () => {
    const machine = new Machine('pc')
    machine.map(0x1000n, ram('ram', 4n * KiB))
    machine.map(0n, ram('ram', 4n * KiB))

    expect([...memoriesOf(machine).keys()]).toEqual(['ram', 'ram #2'])
  })
})

describe('a saved memory', () => {
  test('has the chunks that are not zero, and brings back exactly them', () => {
    const memory = new SparseMemory(0x2_8001n)
    memory.write(0x1_0000n, Uint8Array.of(0))
    memory.write(0x2_8000n, Uint8Array.of(9))
    const saved = saveMemory('ram', memory)
    memory.write(5n, Uint8Array.of(1))
    memory.write(0x2_8000n, Uint8Array.of(8))

    restoreMemory(memory, saved)

    expect([...saved.chunks.keys()]).toEqual([2])
    expect(saveMemory('ram', memory)).toEqual(saved)
    expect(saved.chunks.get(2)?.length).toBe(0x8001)
  })

  test.each([0, 0x7fff, 0x8000])('shares what is as before, and copies a chunk whose byte %s has changed', (at) => {
    const memory = new SparseMemory(0x2_8001n)
    memory.write(0n, Uint8Array.of(1))
    memory.write(0x2_8000n, Uint8Array.of(1))
    const first = saveMemory('ram', memory)
    memory.write(0x2_0000n + BigInt(at), Uint8Array.of(2))

    const second = saveMemory('ram', memory, first)

    expect(second.chunks.get(0)).toBe(first.chunks.get(0))
    expect(second.chunks.get(2)).not.toBe(first.chunks.get(2))
    expect(second.chunks.get(2)?.[at]).toBe(2)
  })

  test('is refused where the host has no memory for it', () => {
    const memory = new SparseMemory(1n * MiB)
    memory.write(0n, Uint8Array.of(1))
    const saved = saveMemory('ram', memory)

    expect(() => restoreMemory(new SparseMemory(1n * MiB, { limit: 0 }), saved)).toThrow(
      expect.objectContaining({ code: 'snapshot.no-memory' }),
    )
  })
})
