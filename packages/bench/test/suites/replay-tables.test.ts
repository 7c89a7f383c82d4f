import { RUN_LANES } from '@hostbridge/core/iommu'
import { describe, expect, test } from 'vitest'
import { PATTERNS, PatternTable } from '../../src/suites/replay-tables.ts'

/** Runs and pages of a walk. */
function walked({ iommu, entries }: PatternTable): { runs: number; pages: number } {
  const cursor = iommu.runs(0, entries - 1)
  let runs = 0
  let pages = 0
  for (let count = cursor.next(); count > 0; count = cursor.next()) {
    runs += count
    for (let at = 0; at < count * RUN_LANES; at += RUN_LANES) pages += cursor.runs[at + 1] ?? 0
  }
  return { runs, pages }
}

describe('PatternTable', () => {
  test.each([
    ['dense', 1, 4096],
    ['empty', 0, 0],
    ['half', 2048, 2048],
    ['random', 3072, 3072],
  ] as const)('of %s entries has %i runs of %i pages', (pattern, runs, pages) => {
    const table = new PatternTable(pattern, 12)

    expect(walked(table)).toEqual({ runs, pages })
    expect(table.runs).toBe(runs)
  })

  test.each(PATTERNS)('of %s entries knows how many runs there are after each change', (pattern) => {
    const table = new PatternTable(pattern, 9)
    const different = new Set<number>()

    for (let change = 0; change < 300; change++) {
      table.changeOne()
      const { runs, pages } = walked(table)
      table.check(runs, pages)
      different.add(runs)
    }

    expect(different.size).toBeGreaterThan(1)
  })

  test('throws where a replay found other runs', () => {
    const table = new PatternTable('half', 9)

    expect(() => table.check(255, 256)).toThrow(/a replay of half\/9 found 255 runs of 256 pages: there are 256 of 256/)
  })

  test('has memory for every entry of an empty table', () => {
    const { table } = new PatternTable('empty', 12)

    expect(table.source().segments).toMatchObject([{ first: 0, entries: 4096 }])
  })
})
