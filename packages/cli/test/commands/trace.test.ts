import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { describe, expect, test } from 'vitest'
import { command } from '../command.ts'

const DDW = 'reference/traces/pseries-linux-6.12-ddw.trace.gz'

interface TraceReport {
  readonly files: { checkpoints: number; matched: number; translations: number; faults: number }[]
}

test('the recorded traces play with every checkpoint matched and no fault', () => {
  const { status, stdout } = command('trace', 'reference/traces/pseries-linux-6.12-dynamic.trace.gz', DDW, '--json')

  const { files } = JSON.parse(stdout) as TraceReport
  const sum = (of: (file: TraceReport['files'][number]) => number): number => files.reduce((all, it) => all + of(it), 0)
  expect(status).toBe(0)
  expect(sum(({ checkpoints }) => checkpoints)).toBe(40)
  expect(sum(({ matched }) => matched)).toBe(40)
  expect(sum(({ translations }) => translations)).toBe(203_617)
  expect(sum(({ faults }) => faults)).toBe(0)
})

test('with the puts left out every translation faults, which is a failed check', () => {
  const { status, stdout } = command('trace', DDW, '--no-puts', '--json')

  const { files } = JSON.parse(stdout) as TraceReport
  expect(status).toBe(1)
  expect(files[0]?.faults).toBe(files[0]?.translations)
})

test('a checkpoint that does not come out as recorded is a failed check', () => {
  const file = join(mkdtempSync(join(tmpdir(), 'hostbridge-')), 'wrong.gz')
  writeFileSync(file, gzipSync('0 put 80000000 1000 5003\n1 checkpoint 80000000 1 0\n'))

  const { status, stdout } = command('trace', file)

  expect(status).toBe(1)
  expect(stdout).toMatch(/wrong\.gz\s*│\s*2\s*│\s*1\s*│\s*0\s*│\s*0\s*│\s*0\s*│/)
})

describe('damaged input ends with status 2 and names file, line and event', () => {
  const folder = mkdtempSync(join(tmpdir(), 'hostbridge-'))
  const damaged = (name: string, content: Buffer | string): string => {
    const file = join(folder, name)
    writeFileSync(file, typeof content === 'string' ? gzipSync(content) : content)
    return file
  }
  const whole = readFileSync(new URL(`../../../../${DDW}`, import.meta.url))

  test.each([
    ['a truncated gzip', damaged('cut.gz', whole.subarray(0, 100_000)), /cut\.gz, line \d+: .*broken/],
    [
      'an unknown event',
      damaged('event.gz', '0 enable 80000000 12 0 40000\n1 jump 1 2\n'),
      /event\.gz, line 2: .*jump/,
    ],
    [
      'time running backwards',
      damaged('time.gz', '5 stuff 80000000 0 0 1\n4 stuff 80000000 0 0 1\n'),
      /time\.gz, line 2: .*backwards/,
    ],
    ['what is no gzip', damaged('plain.gz', Buffer.from('0 put 80000000 0 3\n')), /plain\.gz, line 1: .*broken/],
    [
      'a wrong number of fields',
      damaged('fields.gz', '0 put 80000000 0\n'),
      /fields\.gz, line 1: put has 4 fields, not 5: '0 put 80000000 0'/,
    ],
    ['a folder', folder, /cannot be read: EISDIR/],
    ['a file that is not there', join(folder, 'none.gz'), /none\.gz cannot be read/],
  ])('%s', (_name, file, message) => {
    const { status, stderr } = command('trace', file)

    expect(status).toBe(2)
    expect(stderr).toMatch(message)
  })
})
