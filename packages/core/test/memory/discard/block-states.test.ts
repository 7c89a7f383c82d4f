import { fc, test } from '@fast-check/vitest'
import { describe, expect } from 'vitest'
import { PlainDiscardManager, ram } from '../../../src/memory/index.ts'
import { inPages, PAGE, section, testRam } from './sections.ts'

/** Maximal runs of pages, as text. */
function runsOf(pages: readonly boolean[], first: number, count: number, wanted: boolean): string[] {
  const runs: [number, number][] = []
  for (let page = first; page < first + count; page++) {
    if (pages[page] !== wanted) continue
    const run = runs.at(-1)
    if (run?.[1] === page - 1) run[1] = page
    else runs.push([page, page])
  }
  return runs.map(([low, high]) => `${low}..${high}`)
}

describe('BlockStates', () => {
  test.prop([fc.array(fc.boolean(), { minLength: 16, maxLength: 16 }), fc.nat(15), fc.nat(15)])(
    'replays what is populated and what is not as maximal runs, ascending, cut to the section (RD-4, RD-10)',
    (pages, a, b) => {
      const [offset, count] = [Math.min(a, b), Math.abs(a - b) + 1]
      const region = testRam()
      const manager = new PlainDiscardManager(region)
      for (const [page, populated] of pages.entries()) if (populated) manager.populate(BigInt(page) * PAGE, PAGE)
      const [populated, discarded]: [string[], string[]] = [[], []]

      manager.replayPopulated(section(region, offset, count), (part) => void populated.push(...inPages([part])))
      manager.replayDiscarded(section(region, offset, count), (part) => void discarded.push(...inPages([part])))

      expect(populated).toEqual(runsOf(pages, offset, count, true))
      expect(discarded).toEqual(runsOf(pages, offset, count, false))
      expect(manager.isPopulated(section(region, offset, count))).toBe(
        pages.slice(offset, offset + count).every(Boolean),
      )
    },
  )

  test('ends a replay at the first result and returns it (RD-10)', () => {
    const region = testRam()
    const manager = new PlainDiscardManager(region)
    for (const page of [1n, 4n, 8n]) manager.populate(page * PAGE, PAGE)
    const seen: string[] = []

    const populated = manager.replayPopulated(section(region), (part) => {
      seen.push(...inPages([part]))
      return seen.length === 2 ? 'enough' : undefined
    })
    const discarded = manager.replayDiscarded(section(region), () => 0)

    expect([populated, discarded, seen]).toEqual(['enough', 0, ['1..1', '4..4']])
  })

  test('ends its last block with the region', () => {
    const region = ram('odd', 7n * PAGE)
    const manager = new PlainDiscardManager(region, { granularity: 2n * PAGE })
    manager.populate(4n * PAGE, 3n * PAGE)
    const seen: string[] = []

    manager.replayPopulated(section(region, 0, 7), (part) => void seen.push(...inPages([part])))

    expect([seen, manager.isPopulated(section(region, 5, 2))]).toEqual([['4..6'], true])
  })

  test('knows nothing of the block right behind the region', () => {
    const region = testRam()
    const manager = new PlainDiscardManager(region, { populated: true })

    expect([manager.isPopulated(section(region, 15, 1)), manager.isPopulated(section(region, 16, 1))]).toEqual([
      ...[true, false],
    ])
  })

  test('sees nothing of a section behind the end of the region', () => {
    const region = testRam()
    const manager = new PlainDiscardManager(region, { populated: true })

    const behind = section(region, 20, 4)

    expect([manager.replayPopulated(behind, () => 'seen'), manager.isPopulated(behind)]).toEqual([undefined, false])
  })

  test.each([0n, 2048n, 6144n])('throws for blocks of %o bytes', (granularity) => {
    expect(() => new PlainDiscardManager(testRam(), { granularity })).toThrow("'mem' cannot be populated in blocks of")
  })
})
