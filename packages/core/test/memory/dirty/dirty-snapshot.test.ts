import { describe, expect, test } from 'vitest'
import { DirtySnapshot } from '../../../src/memory/dirty/dirty-snapshot.ts'
import { SparseBitmap } from '../../../src/memory/sparse-bitmap.ts'

/** A snapshot of the bytes 0x1800 to 0x5fff, of which the pages 2 and 4 are dirty. */
function snapshot(): DirtySnapshot {
  const bits = new SparseBitmap(16)
  for (const page of [2, 4, 9]) bits.set(page)
  return new DirtySnapshot('vram', { start: 0x1800n, last: 0x5fffn }, bits)
}

describe('DirtySnapshot', () => {
  test('says whether any page of a byte range was dirty (DL-6)', () => {
    const shot = snapshot()

    const answers = [
      shot.isDirty(0x1800n, 0x800n),
      shot.isDirty(0x1fffn, 2n),
      shot.isDirty(0x3000n, 0x1000n),
      shot.isDirty(0x4fffn, 1n),
    ]

    expect(answers).toEqual([false, true, false, true])
  })

  test.each([
    [0x17ffn, 1n],
    [0x5fffn, 2n],
  ])('throws outside of what was asked for, at %o and %o bytes on (DL-6)', (offset, size) => {
    expect(() => snapshot().isDirty(offset, size)).toThrow("a snapshot of [0x1800, 0x5fff] of 'vram' knows nothing of")
  })

  test('gives the dirty pages as runs, also to another thread', () => {
    const shot = snapshot()

    const runs = [...shot.runs()]
    const there = [...SparseBitmap.attach(shot.share()).runs(0, 15)]

    expect(runs).toEqual([
      { first: 2, last: 2 },
      { first: 4, last: 4 },
    ])
    expect(there).toHaveLength(3)
  })
})
