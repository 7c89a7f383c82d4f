import { describe, expect, test } from 'vitest'
import { GiB, KiB, MiB } from '../../src/address/units.ts'
import { Machine } from '../../src/machine/machine.ts'
import { AliasRegion } from '../../src/memory/alias-region.ts'
import { CallerMemory } from '../../src/memory/caller-memory.ts'
import { DirtyClient } from '../../src/memory/dirty/dirty-client.ts'
import { setLogging } from '../../src/memory/dirty/vga-log.ts'
import { ram } from '../../src/memory/ram-region.ts'
import { romDevice } from '../../src/memory/rom-device-region.ts'
import { SparseMemory } from '../../src/memory/sparse-memory.ts'
import { marksOf, memoriesOf, restoreMemory, saveMemory } from '../../src/snapshot/saved-memory.ts'

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

  test('leaves chunks in place, so that who holds them sees what they hold now', () => {
    const memory = new SparseMemory(64n * GiB)
    memory.write(0n, Uint8Array.of(1))
    memory.write(5n * GiB, Uint8Array.of(5))
    const saved = saveMemory('ram', memory)
    const [node, held] = [memory.nodeOf(0x14_0000), memory.viewAt(0x14_0000, 0, 1)]
    memory.write(2n * GiB, Uint8Array.of(2))
    memory.write(5n * GiB, Uint8Array.of(6))

    restoreMemory(memory, saved)

    expect([memory.nodeOf(0x14_0000), held[0]]).toEqual([node, 5])
    expect(saveMemory('ram', memory)).toEqual(saved)
  })

  test('tells of the chunks that it changes, and of no others', () => {
    const memory = new SparseMemory(0x5_8001n)
    for (const chunk of [0n, 1n, 2n, 5n]) memory.write(chunk * 0x1_0000n, Uint8Array.of(1))
    memory.write(0x4_0000n, Uint8Array.of(0))
    const saved = saveMemory('ram', memory)
    memory.write(0x1_0000n, Uint8Array.of(2))
    memory.write(0x3_0000n, Uint8Array.of(3))
    memory.write(0x5_8000n, Uint8Array.of(4))
    const changed: number[][] = []

    restoreMemory(memory, saved, (frame, length) => changed.push([frame, length]))

    expect(changed.sort()).toEqual([
      [0x10, 0x1_0000],
      [0x30, 0x1_0000],
      [0x50, 0x8001],
    ])
  })

  test.each([0, 1, 2, 3])('of bytes of the caller comes back, also %s bytes beside a word', (beside) => {
    const bytes = new Uint8Array(0x1_1000).subarray(beside)
    const memory = new CallerMemory(bytes)
    bytes.set([1, 2, 3, 4, 5], 0x1_0003)
    const saved = saveMemory('ram', memory)
    bytes.fill(9)

    restoreMemory(memory, saved)

    expect([...saved.chunks.keys()]).toEqual([1])
    expect(bytes.indexOf(9)).toBe(-1)
    expect([...bytes.subarray(0x1_0002, 0x1_0009)]).toEqual([0, 1, 2, 3, 4, 5, 0])
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

test('changes are marked in the bitmaps of every region that shows the memory and is logged', () => {
  const machine = new Machine('pc')
  const low = machine.map(0n, ram('low', 256n * KiB))
  const part = machine.map(MiB, ram('part', 72n * KiB, { memory: low.memory }))
  const unseen = machine.map(2n * MiB, ram('unseen', 256n * KiB, { memory: low.memory }))
  const dirty = [low, part].map((region) => {
    setLogging(region, true)
    region.dirty.clearRange(0, region.dirty.pages - 1, DirtyClient.vga)
    return region.dirty.bits(DirtyClient.vga)
  })

  marksOf(machine, low.memory)(0x10, 0x1_0000)

  expect(dirty.map((bits) => [0x0f, 0x10, 0x11, 0x12, 0x1f, 0x20].map((page) => bits.has(page)))).toEqual([
    [false, true, true, true, true, false],
    [false, true, true, false, false, false],
  ])
  expect(unseen.writeMarks).toBeUndefined()
})
