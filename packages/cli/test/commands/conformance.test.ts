import { mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { describe, expect, test } from 'vitest'
import { command } from '../command.ts'

test('the report has the keys of the contract, and counts steps', () => {
  const { status, stdout } = command('conformance', 'memory', 'reference/memory/memory-iommu.jsonl.gz', '--json')

  expect(status).toBe(0)
  expect(JSON.parse(stdout)).toEqual({
    kind: 'memory',
    files: 1,
    scenarios: 400,
    steps: 17_778,
    passed: 17_778,
    failed: 0,
    failures: [],
  })
})

describe('damaged recordings', () => {
  const folder = mkdtempSync(join(tmpdir(), 'hostbridge-'))
  const recording = (name: string, text: string, missingBytes = 0): string => {
    const file = join(folder, name)
    const whole = gzipSync(text)
    writeFileSync(file, whole.subarray(0, whole.length - missingBytes))
    return file
  }
  const scenario = '{"name":"a","regions":[],"spaces":[],"steps":[]}'

  test.each([
    ['a line that is no JSON', recording('json.gz', `${scenario}\n{"name":\n`), /json\.gz, line 2: no JSON/],
    [
      'a line that is no scenario',
      recording('shape.gz', `${scenario}\n${scenario}\n{"name":1}\n`),
      /shape\.gz, line 3: no scenario/,
    ],
    [
      'a compressed stream that ends early',
      recording('cut.gz', `${scenario}\n${scenario}\n`, 8),
      /cut\.gz, line \d+: .*unexpected end of file/,
    ],
    ['an empty recording', recording('empty.gz', ''), /empty\.gz, line 1: the recording is empty/],
  ])('%s ends with status 2 and names file and line', (_name, file, message) => {
    const { status, stderr } = command('conformance', 'memory', file)

    expect(status).toBe(2)
    expect(stderr).toMatch(message)
  })

  test('a step that differs from the recording is a failed check that shows both', () => {
    const step = '{"op":"read","space":0,"addr":"0x0","length":1,"log":[],"result":0,"bytes":"00"}'
    const file = recording(
      'differs.gz',
      `{"name":"a","regions":[{"id":0,"kind":"container","size":"0x1000"}],"spaces":[{"id":0,"root":0}],"steps":[${step}]}\n`,
    )

    const { status, stdout } = command('conformance', 'memory', file, '--json')

    const { failed, failures } = JSON.parse(stdout) as { failed: number; failures: object[] }
    expect(status).toBe(1)
    expect(failed).toBe(1)
    expect(failures[0]).toMatchObject({ scenario: 'a', step: 0, expected: { result: 0 }, actual: { result: 2 } })
  })
})
