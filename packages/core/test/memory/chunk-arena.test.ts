import { expect, test } from 'vitest'
import { CHUNK_SIZE, ChunkArena } from '../../src/memory/chunk-arena.ts'

test('slots are taken one after the other, zeroed, up to the arena`s size', () => {
  const arena = ChunkArena.create(6)

  const slots = Array.from({ length: 7 }, () => arena.take())

  expect(slots).toEqual([1, 2, 3, 4, 5, 0, 0])
  expect(arena.taken).toBe(6)
  expect(arena.bytes.subarray(CHUNK_SIZE).every((byte) => byte === 0)).toBe(true)
})

test('an arena that grows keeps what is in it, and both sides see what the other takes', () => {
  const mine = ChunkArena.create(1000)
  const theirs = ChunkArena.attach(mine.buffer)
  const first = mine.take()
  mine.bytes[first * CHUNK_SIZE] = 7

  const slots = Array.from({ length: 100 }, (_, i) => (i % 2 === 0 ? theirs : mine).take())

  expect(new Set([first, ...slots]).size).toBe(101)
  mine.refresh()
  expect(mine.bytes[first * CHUNK_SIZE]).toBe(7)
  expect(mine.slots).toBeGreaterThan(100)
})

test('a cleared arena gives the same slots again, zeroed', () => {
  const arena = ChunkArena.create(10)
  arena.bytes.fill(9, arena.take() * CHUNK_SIZE)

  arena.clear()

  expect(arena.take()).toBe(1)
  expect(arena.bytes[CHUNK_SIZE]).toBe(0)
})
