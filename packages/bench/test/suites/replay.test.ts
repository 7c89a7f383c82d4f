import { describe, expect, test } from 'vitest'
import { measure } from '../../src/suites/measure.ts'
import { replaySuite } from '../../src/suites/replay.ts'
import { PATTERNS } from '../../src/suites/replay-tables.ts'

describe('the replay suite', () => {
  test('has every pattern, size and number of workers, and keeps to 2^22 entries in a short run', () => {
    const cases = replaySuite.cases(false)
    const quick = replaySuite.cases(true)

    const logs = quick.flatMap((name) => (name.startsWith('scattered/') ? [] : [Number(name.split('/')[1])]))
    expect(cases).toHaveLength(4 * 4 * 3 + 1)
    expect(cases).toContain('dense/26/0')
    expect(Math.max(...logs)).toBe(22)
    expect(quick).toHaveLength(10)
  })

  test.each(['dense', 'dense/26', 'dense/40/0', 'full/20/0', 'read-limit', 'read-limit/20/0', 'dense/20/x'])(
    'has no case %s',
    async (name) => {
      expect(await replaySuite.open(name)).toBeUndefined()
    },
  )

  test.each(PATTERNS.flatMap((pattern) => [0, 1, 2].map((workers) => `${pattern}/12/${workers}`)))(
    'measures %s',
    async (name) => {
      const open = await replaySuite.open(name)
      try {
        const report = await measure(name, open!, { quick: true })

        expect(report).toMatchObject({ name, unit: 'page', runs: expect.any(Number), kernel: expect.any(String) })
        expect(report.pagesPerSecond).toBeGreaterThan(0)
      } finally {
        await open?.close?.()
      }
    },
  )

  test('measures the read limit beside its cases, and the loop in C where there is a compiler', async () => {
    const reports = await replaySuite.beside!(named('dense/9/0', 'half/9/2', 'dense/12/0'), true)

    expect(reports.map(({ name }) => name).slice(0, 2)).toEqual(['read-limit/12', 'read-limit/9'])
    expect(reports[0]).toMatchObject({ unit: 'page', ns: expect.any(Number) })
    expect(reports.some(({ name }) => name.startsWith('replay_loop.c'))).toBe(true)
  })

  test('does not measure a read limit twice that is a case itself', async () => {
    const reports = await replaySuite.beside!(named('read-limit/9'), true)

    expect(reports.some(({ name }) => name === 'read-limit/9')).toBe(false)
  })
})

const named = (...names: readonly string[]) => names.map((name) => ({ name }))
