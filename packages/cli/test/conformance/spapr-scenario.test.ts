import { readFileSync } from 'node:fs'
import { gunzipSync } from 'node:zlib'
import { describe, expect, test } from 'vitest'
import { runSpaprScenario } from '../../src/conformance/spapr-scenario.ts'

const FOLDER = new URL('../../../../reference/spapr/', import.meta.url)

describe('the recorded hypercalls, firmware calls, DMA and PCI configuration of a pseries machine', () => {
  test.each([
    ['spapr-tce.jsonl.gz', 11_256],
    ['spapr-pci.jsonl.gz', 11_395],
  ])(
    'come out as QEMU 10.2.2 answered them: %s',
    (file, count) => {
      const lines = gunzipSync(readFileSync(new URL(file, FOLDER)))
        .toString()
        .trim()
        .split('\n')

      const outcomes = lines.map((line) => runSpaprScenario(JSON.parse(line)))

      const steps = outcomes.flatMap((outcome) => outcome.steps)
      expect(steps.filter(({ passed }) => !passed)).toEqual([])
      expect(steps).toHaveLength(count)
    },
    60_000,
  )

  test('a step fails where it differs, and says both; one that cannot be made fails too', () => {
    const reset = { op: 'reset', windows: [['0x80000000', '0x0', 12, 262144]] }
    const steps = [reset, { ...reset, windows: [] }, { op: 'put', liobn: '0x1' }, { op: 'sing' }]

    const { steps: outcomes } = runSpaprScenario({ name: 'hand-made', steps })

    expect(outcomes.map(({ passed }) => passed)).toEqual([true, false, false, false])
    expect(outcomes[1]).toMatchObject({ expected: { windows: [] }, actual: { windows: reset.windows } })
    expect(outcomes[2]?.actual).toHaveProperty('error')
  })
})
