import { mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { expect, test } from 'vitest'
import { runConformance } from '../../src/conformance/run.ts'

/** A recording of scenarios whose steps read nothing and were recorded with `results`. */
function recording(...scenarios: readonly (readonly number[])[]): string {
  const lines = scenarios.map((results, index) => ({
    name: `scenario ${index}`,
    regions: [{ id: 0, kind: 'container', size: '0x1000' }],
    spaces: [{ id: 0, root: 0 }],
    steps: results.map((result) => ({ op: 'read', space: 0, addr: '0x0', length: 1, log: [], result, bytes: '00' })),
  }))
  const file = join(mkdtempSync(join(tmpdir(), 'hostbridge-')), 'recording.jsonl.gz')
  writeFileSync(file, gzipSync(lines.map((line) => `${JSON.stringify(line)}\n`).join('')))
  return file
}

test('steps are counted over all scenarios and files, and the first twenty failures kept', async () => {
  const files = [
    recording([2, 2, 0]),
    recording(
      Array.from({ length: 30 }, () => 0),
      [2],
    ),
  ]
  const progress: number[] = []

  const { failures, ...counts } = await runConformance('memory', files, {
    onProgress: (scenarios) => progress.push(scenarios),
  })

  expect(counts).toEqual({ files: 2, scenarios: 3, steps: 34, passed: 3, failed: 31 })
  expect(failures).toHaveLength(20)
  expect(failures[0]).toMatchObject({ file: files[0], scenario: 'scenario 0', step: 2, actual: { result: 2 } })
  expect(progress).toEqual([1, 2, 3])
})

test('a signal ends the run with its reason', async () => {
  const signal = AbortSignal.abort(new Error('enough'))

  await expect(runConformance('memory', [recording([2])], { signal })).rejects.toThrow('enough')
})
