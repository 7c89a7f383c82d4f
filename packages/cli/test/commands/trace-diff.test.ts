import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { command } from '../command.ts'

const folder = mkdtempSync(join(tmpdir(), 'hostbridge-'))
const at = (name: string): string => join(folder, name)

test('two runs of one scenario have the same trace, as text and as JSON', () => {
  for (const kind of ['txt', 'json']) {
    const runs = ['a', 'b'].map((name) => command('run', 'first-machine', '--trace-out', at(`${name}.${kind}`)).status)

    const { status, stdout } = command('trace-diff', at(`a.${kind}`), at(`b.${kind}`))

    expect([...runs, status, stdout]).toEqual([0, 0, 0, 'The traces are the same.\n'])
  }
  expect(readFileSync(at('a.txt'), 'utf8')).toContain('life      phb0/00:02.0 plugged')
  const { traceEvents } = JSON.parse(readFileSync(at('a.json'), 'utf8'))
  expect(traceEvents[0]).toMatchObject({ ph: 'M', name: 'process_name', args: { name: 'pseries' } })
})

test('two traces part at their first line that differs, with status 1', () => {
  writeFileSync(at('left'), 'one\ntwo\nthree\n')
  writeFileSync(at('right'), 'one\ntwo\n')

  const spoken = command('trace-diff', at('left'), at('right'), '--context', '1')
  const json = command('trace-diff', at('left'), at('right'), '--context', '1', '--json')

  expect(spoken.status).toBe(1)
  expect(spoken.stdout).toBe(`The traces part at line 3.\n  two\n< three\n> (${at('right')} ends)\n`)
  expect(JSON.parse(json.stdout)).toMatchObject({ same: false, line: 2, before: ['two'], left: ['three'], right: [] })
})

test.each([
  ['a trace that is not there', ['trace-diff', at('left'), at('none')], /none cannot be read/],
  [
    'a context that is no number',
    ['trace-diff', at('left'), at('right'), '--context', 'x'],
    /--context x is no number/,
  ],
  ['a filter that is none', ['run', 'first-machine', '--counters', '--trace-filter', 'x=y'], /'x=y' is no term/],
  ['a last record that is no number', ['run', 'first-machine', '--counters', '--trace-last', '0'], /--trace-last 0 is/],
  ['a file that cannot be written', ['run', 'first-machine', '--trace-out', at('no/such')], /cannot be written to/],
])('%s ends with status 2 and says so', (_name, argv, message) => {
  const { status, stderr } = command(...argv)

  expect(status).toBe(2)
  expect(stderr).toMatch(message)
})

test('a run counts what happened to each device', () => {
  const spoken = command('run', 'first-machine', '--counters')
  const { stdout } = command('run', 'first-machine', '--counters', '--json', '--trace-filter', 'category=life')

  expect(spoken.stdout).toContain('life unplugged')
  expect(JSON.parse(stdout).counters).toEqual([
    { machine: 'pseries', device: 'phb0/00:01.0', category: 'life', name: 'unplugged', count: 1, bytes: 0 },
    { machine: 'pseries', device: 'phb0/00:02.0', category: 'life', name: 'plugged', count: 1, bytes: 0 },
  ])
})
