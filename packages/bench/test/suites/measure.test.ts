import { describe, expect, test } from 'vitest'
import { measure } from '../../src/suites/measure.ts'

describe('measure', () => {
  test('does the units of a sample between prepare and check, and reports the median of one unit', async () => {
    const calls: string[] = []

    const report = await measure(
      'case',
      {
        unit: 'thing',
        units: 1000,
        clock: 'wall',
        prepare: () => void calls.push('prepare'),
        run: () => void calls.push('run'),
        check: () => void calls.push('check'),
        facts: (ns) => ({ perSecond: 1e9 / ns }),
      },
      { quick: true },
    )

    expect(calls.slice(0, 3)).toEqual(['prepare', 'run', 'check'])
    expect(report).toMatchObject({ name: 'case', unit: 'thing', ns: expect.any(Number), perSecond: expect.any(Number) })
    expect(report.min).toBeLessThanOrEqual(report.ns ?? 0)
  })

  test('fails with the reason where a sample did not do its work', async () => {
    const open = {
      unit: 'thing',
      units: 1,
      clock: 'cpu' as const,
      run: () => {},
      check: () => {
        throw new Error('things were lost')
      },
    }

    await expect(measure('case', open, { quick: true })).rejects.toMatchObject({
      code: 'bench.case',
      message: expect.stringContaining('things were lost'),
    })
  })
})
