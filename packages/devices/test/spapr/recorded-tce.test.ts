import { readFileSync } from 'node:fs'
import { isDeepStrictEqual } from 'node:util'
import { gunzipSync } from 'node:zlib'
import { describe, expect, it } from 'vitest'
import { RecordedMachine, type RecordedScenario, type RecordedStep } from './recorded-machine.ts'

const FILE = new URL('../../../../reference/spapr/spapr-tce.jsonl.gz', import.meta.url)
const ARGUMENTS = ['op', 'liobn', 'ioba', 'count', 'list', 'tces', 'addr', 'length', 'name', 'token', 'args', 'nret']

function scenarios(): RecordedScenario[] {
  const text = gunzipSync(readFileSync(FILE)).toString()
  return text.split('\n').flatMap((line) => (line === '' ? [] : [JSON.parse(line) as RecordedScenario]))
}

/** What was observed: everything that is no argument. `tce` and `bytes` are one or the other, by operation. */
function observationOf(step: RecordedStep): Record<string, unknown> {
  const given = [...ARGUMENTS]
  if (step.op === 'put' || step.op === 'stuff') given.push('tce')
  if (step.op.endsWith('_write')) given.push('bytes')
  return { log: [], ...Object.fromEntries(Object.entries(step).filter(([key]) => !given.includes(key))) }
}

describe('the recorded hypercalls, DMA windows and DMA of a pseries machine', () => {
  it('are answered as QEMU 10.2.2 answers them', () => {
    let steps = 0

    for (const scenario of scenarios()) {
      const machine = new RecordedMachine()
      for (const [index, step] of scenario.steps.entries()) {
        const [seen, recorded] = [machine.do(step), observationOf(step)]
        if (!isDeepStrictEqual(seen, recorded)) expect(seen, `${scenario.name}, step ${index}`).toEqual(recorded)
        steps++
      }
    }

    expect(steps).toBe(11256)
  })
})
