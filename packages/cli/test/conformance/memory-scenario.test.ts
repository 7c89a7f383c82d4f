import { readFileSync } from 'node:fs'
import { gunzipSync } from 'node:zlib'
import { describe, expect, test } from 'vitest'
import { runMemoryScenario } from '../../src/conformance/memory-scenario.ts'

const io = { id: 1, kind: 'io', size: '0x10', endianness: 'little', valid: [1, 4, false], impl: [0, 0, false] }
const scenario = {
  name: 'hand-made',
  regions: [{ id: 0, kind: 'container', size: '0x10000000000000000' }, io],
  spaces: [{ id: 0, root: 0 }],
}

function outcomesOf(...steps: object[]) {
  return runMemoryScenario({ ...scenario, steps }).steps
}

test('a step passes where the core shows what was recorded', () => {
  const outcomes = outcomesOf(
    { op: 'add', parent: 0, child: 1, offset: '0x100', log: [] },
    { op: 'read', space: 0, addr: '0x100', length: 2, log: [['read', 1, '0x0', 2]], result: 0, bytes: '2229' },
    { op: 'write', space: 0, addr: '0x104', bytes: '01', log: [['write', 1, '0x4', 1, '0x1']], result: 0 },
    { op: 'flat', space: 0, log: [['0x100', '0x10', 1, '0x0']] },
  )

  expect(outcomes.map(({ passed }) => passed)).toEqual([true, true, true, true])
})

test('a step fails where it differs, and says both', () => {
  const [, outcome] = outcomesOf(
    { op: 'add', parent: 0, child: 1, offset: '0x0' },
    { op: 'read', space: 0, addr: '0x0', length: 1, log: [], result: 2, bytes: '00' },
  )

  expect(outcome).toEqual({
    step: 1,
    op: 'read',
    passed: false,
    expected: { log: [], result: 2, bytes: '00' },
    actual: { log: [['read', 1, '0x0', 1]], result: 0, bytes: '22' },
  })
})

test('what was not recorded is not compared', () => {
  const [, outcome] = outcomesOf(
    { op: 'add', parent: 0, child: 1, offset: '0x0' },
    { op: 'listen', listener: 0, space: 0, priority: 0 },
  )

  expect(outcome).toMatchObject({ passed: true, expected: {} })
})

test.each([
  ['throws', { op: 'commit', log: [] }, "no transaction of 'recorded' is open"],
  ['is of an unknown operation', { op: 'teleport' }, 'Invalid type'],
  ['has a wrong argument', { op: 'flat', space: 'zero' }, 'Invalid type'],
  ['names what is not there', { op: 'flat', space: 7 }, 'the scenario has no space 7'],
])('a step that %s fails, and the scenario goes on', (_, step, message) => {
  const [failed, next] = outcomesOf(step, { op: 'flat', space: 0, log: [] })

  expect(failed).toMatchObject({ passed: false, actual: { error: expect.stringContaining(message) } })
  expect(next?.passed).toBe(true)
})

test('something else than a scenario throws', () => {
  expect(() => runMemoryScenario({ name: 'x', steps: [] })).toThrow()
})

// All scenarios of the recordings are run by `hostbridge conformance` in CI; here some of each.
describe.each(['memory-access', 'memory-iommu', 'memory-topology'])('%s', (name) => {
  test('every step of every tenth scenario comes out as QEMU did it', () => {
    const file = new URL(`../../../../reference/memory/${name}.jsonl.gz`, import.meta.url)
    const lines = gunzipSync(readFileSync(file)).toString().trim().split('\n')

    const outcomes = lines.filter((_, i) => i % 10 === 0).map((line) => runMemoryScenario(JSON.parse(line)))

    expect(outcomes.length).toBe(40)
    expect(outcomes.flatMap(({ steps }) => steps).filter(({ passed }) => !passed)).toEqual([])
  })
})
