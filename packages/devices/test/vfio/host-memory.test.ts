import { GiB, KiB, TiB } from '@hostbridge/core/address'
import { ram, SparseMemory } from '@hostbridge/core/memory'
import { HostMemory } from '@hostbridge/devices/vfio'
import { describe, expect, test } from 'vitest'

const FRAMES_PER_GIB = 2 ** 18

describe('HostMemory', () => {
  test('shows guest RAM at multiples of 1 GiB, with the guest’s own bytes', () => {
    const memory = new HostMemory('host', 4n * KiB)
    const [low, high] = [ram('low', 64n * KiB), ram('high', 64n * KiB)]
    high.memory.write(0x10n, Uint8Array.of(7))

    const frames = [memory.acquire(low), memory.acquire(high)]
    const seen = new Uint8Array(1)
    memory.space.read(GiB + 0x10n, seen)

    expect(frames).toEqual([0, FRAMES_PER_GIB])
    expect(seen[0]).toBe(7)
  })

  test('keeps RAM until its last user has gone, and fills the lowest gap again', () => {
    const memory = new HostMemory('host', 4n * KiB)
    const [a, b, c] = [ram('a', GiB), ram('b', 2n * GiB), ram('c', 64n * KiB)]
    memory.acquire(a)
    memory.acquire(a)
    memory.acquire(b)

    memory.release(a.memory)
    const kept = memory.placed
    memory.release(a.memory)

    expect(kept).toBe(2)
    expect(memory.placed).toBe(1)
    expect(memory.acquire(c)).toBe(0)
    expect(memory.acquire(a)).toBe(3 * FRAMES_PER_GIB)
  })

  test('fills a gap that RAM fits exactly', () => {
    const memory = new HostMemory('host', 4n * KiB)
    const [a, b, c] = [ram('a', GiB), ram('b', GiB), ram('c', GiB)]
    for (const region of [a, b, c]) memory.acquire(region)
    memory.release(b.memory)

    expect(memory.acquire(ram('d', GiB))).toBe(FRAMES_PER_GIB)
  })

  test('places memory that two regions share once', () => {
    const memory = new HostMemory('host', 4n * KiB)
    const shared = new SparseMemory(2n * GiB)

    const frames = ['a', 'b'].map((name) => memory.acquire(ram(name, GiB, { memory: shared })))

    expect(frames).toEqual([0, 0])
    expect(memory.placed).toBe(1)
  })

  test('has no place for RAM that fits into no gap', () => {
    const memory = new HostMemory('host', 4n * KiB)
    memory.acquire(ram('first', 64n * KiB))

    expect(memory.acquire(ram('everything', 1n << 64n))).toBeUndefined()
    expect(memory.placed).toBe(1)
  })

  test('aligns to the smallest host page where that is larger than 1 GiB', () => {
    const memory = new HostMemory('host', TiB)
    memory.acquire(ram('first', 64n * KiB))

    expect(memory.acquire(ram('second', 64n * KiB))).toBe(2 ** 28)
  })
})
