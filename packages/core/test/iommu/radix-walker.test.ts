import { describe, expect, test } from 'vitest'
import { RadixTable } from '../../src/iommu/index.ts'
import { collect } from './entry-list-model.ts'

describe('RadixCursor', () => {
  test('gives nothing for an empty range, and goes on giving nothing', () => {
    const table = new RadixTable()
    table.map(0, 10, 0, 3, 12)
    const cursor = table.runs(3, 2)
    const behind = table.runs(10, 2 ** 52 - 1)

    expect([cursor.next(), cursor.next(), behind.next(), behind.next()]).toEqual([0, 0, 0, 0])
  })

  test('cuts an entry larger than the range', () => {
    const table = new RadixTable()
    table.map(0, 2 ** 52, 0, 2, 64)

    expect(collect(table.runs(2 ** 50 + 3, 2 ** 50 + 4))).toEqual([
      { frame: 2 ** 50 + 3, frames: 2, target: 2 ** 50 + 3, permission: 2, shift: 64 },
    ])
  })

  test('keeps entries of different sizes and permissions apart', () => {
    const table = new RadixTable()
    table.map(0, 512, 0, 3, 12)
    table.map(512, 512, 512, 3, 21)
    table.map(1024, 512, 1024, 1, 21)
    table.map(1536, 512, 1536 + 512, 1, 21)

    expect(collect(table.runs(0, 5000)).map(({ frame, frames }) => [frame, frames])).toEqual([
      [0, 512],
      [512, 512],
      [1024, 512],
      [1536, 512],
    ])
  })

  test('keeps apart what follows each other in one of the two spaces only', () => {
    const table = new RadixTable()
    for (const [frame, target] of [
      [0, 7],
      [2, 8],
      [511, 9],
      [512, 9],
      [1024, 10],
    ] as const)
      table.map(frame, 1, target, 3, 12)

    expect(collect(table.runs(0, 5000)).map(({ frame, target }) => [frame, target])).toEqual([
      [0, 7],
      [2, 8],
      [511, 9],
      [512, 9],
      [1024, 10],
    ])
  })

  test('gives no run twice and none in two pieces at the end of a batch', () => {
    const table = new RadixTable()
    for (let run = 0; run < 1000; run++) table.map(run * 8, 4, run * 100, 3, 12)
    const cursor = table.runs(0, 2 ** 52 - 1)
    const counts: number[] = []

    for (let count = cursor.next(); count > 0; count = cursor.next()) counts.push(count)

    expect(counts.reduce((sum, count) => sum + count)).toBe(1000)
    expect(counts.length).toBeGreaterThan(2)
  })

  test('sees what is mapped ahead of it while it walks', () => {
    const table = new RadixTable()
    for (let run = 0; run < 300; run++) table.map(run * 2, 1, run * 100, 3, 12)
    const cursor = table.runs(0, 2 ** 52 - 1)

    cursor.next()
    table.map(2 ** 51, 1, 7, 1, 12)
    table.map(2 ** 40, 2 ** 20, 0, 1, 12)
    const rest = collect(cursor)

    expect(rest.slice(-2)).toEqual([
      { frame: 2 ** 40, frames: 2 ** 20, target: 0, permission: 1, shift: 12 },
      { frame: 2 ** 51, frames: 1, target: 7, permission: 1, shift: 12 },
    ])
  })
})
