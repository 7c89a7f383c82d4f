import { describe, expect, test } from 'vitest'
import { RadixArena } from '../../src/iommu/radix-arena.ts'
import { NODE_BYTES, NODE_WORDS } from '../../src/iommu/radix-layout.ts'

const saver = { save: () => undefined }

describe('RadixArena', () => {
  test('takes nodes one after the other until it is full', () => {
    const arena = RadixArena.create(20 * NODE_BYTES)

    const taken = Array.from({ length: 19 }, () => arena.take(saver))

    expect(taken).toEqual([...Array.from({ length: 18 }, (_, at) => at + 2), 0])
    expect(arena.used).toBe(20)
  })

  test('takes what was given back first, zeroed', () => {
    const arena = RadixArena.create(20 * NODE_BYTES)
    const [first, second] = [arena.take(saver), arena.take(saver)]
    arena.words.fill(7, first * NODE_WORDS, (first + 1) * NODE_WORDS)

    arena.give(second, saver)
    arena.give(first, saver)
    const again = arena.take(saver)

    expect(again).toBe(first)
    expect(arena.words.subarray(first * NODE_WORDS, (first + 1) * NODE_WORDS).some(Boolean)).toBe(false)
    expect(arena.take(saver)).toBe(second)
  })

  test('reserves nodes that free ones count among, as far as it can grow', () => {
    const arena = RadixArena.create(20 * NODE_BYTES)
    arena.give(arena.take(saver), saver)

    expect([arena.reserve(18), arena.reserve(19)]).toEqual([true, false])
    expect(arena.used).toBe(3)
  })

  test('is attached to elsewhere and follows growth', () => {
    const arena = RadixArena.create(100 * NODE_BYTES)
    const other = RadixArena.attach(arena.buffer)
    arena.reserve(90)
    arena.entries = 2 ** 40

    other.reach(50)

    expect(other.nodes).toBeGreaterThan(50)
    expect(other.entries).toBe(2 ** 40)
  })
})
