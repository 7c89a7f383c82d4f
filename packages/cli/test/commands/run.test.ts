import { mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { command, commandWith } from '../command.ts'

test('an example is run by its name and prints what it has to say', () => {
  const { status, stdout } = command('run', 'hotplug-onto-existing-mappings')

  expect(status).toBe(0)
  expect(stdout).toContain('With replay: 16 mappings')
})

test('with --json there is one object and nothing else', () => {
  const { status, stdout } = command('run', 'examples/full-address-space.ts', '--json')

  expect(status).toBe(0)
  expect(JSON.parse(stdout)).toMatchObject({ scenario: 'examples/full-address-space.ts', events: 2, bytes: 8192 })
})

test.each([
  ['a scenario that is not there', ['run', 'no-such-machine'], /no scenario no-such-machine/],
  ['a module that is no scenario', ['run', 'vitest.config.ts'], /vitest\.config\.ts is no scenario/],
  ['an unknown command', ['fly'], /unknown command 'fly'/],
  ['an unknown option', ['run', 'first-machine', '--fast'], /unknown option '--fast'/],
  ['a missing argument', ['trace'], /missing required argument 'file'/],
])('%s ends with status 2 and says so', (_name, argv, message) => {
  const { status, stderr } = command(...argv)

  expect(status).toBe(2)
  expect(stderr).toMatch(message)
})

test('an example is found by its name from another working directory', () => {
  const { status, stdout } = commandWith({ cwd: tmpdir() }, 'run', 'first-machine', '--json')

  expect(status).toBe(0)
  expect(JSON.parse(stdout)).toMatchObject({ scenario: 'first-machine', now: 10_000_000 })
})

test('every machine of a run is told with the hash of its events, the same in every run', () => {
  const first = command('run', 'hotplug-onto-existing-mappings', '--json')
  const second = command('run', 'hotplug-onto-existing-mappings', '--json', '--memory')
  const spoken = command('run', 'hotplug-onto-existing-mappings')

  const { fingerprints } = JSON.parse(first.stdout) as { fingerprints: object[] }
  const hash = expect.stringMatching(/^[0-9a-f]{16}$/)
  expect(fingerprints).toEqual(Array(2).fill({ machine: 'pseries', events: 1, fingerprint: hash }))
  expect(JSON.parse(second.stdout)).toMatchObject({ fingerprints })
  expect(JSON.parse(second.stdout).fingerprints[0].memory).toMatch(/^[0-9a-f]{16}$/)
  expect(spoken.stdout).toMatch(/^Fingerprint of 'pseries': [0-9a-f]{16}, 1 events$/m)
})

test('machines that live on worker threads are told with their hashes too', () => {
  const file = join(mkdtempSync(join(tmpdir(), 'hostbridge-')), 'domains.ts')
  const machines = [{ machine: 'left on 2 workers', events: 3, fingerprint: '0123456789abcdef' }]
  writeFileSync(
    file,
    `export const build = () => {}\nexport const main = () => (${JSON.stringify({ machines, more: 1 })})\n`,
  )

  const { stdout } = command('run', file)
  const json = command('run', file, '--json')

  expect(stdout).toBe("Fingerprint of 'left on 2 workers': 0123456789abcdef, 3 events\n")
  expect(JSON.parse(json.stdout)).toEqual({ scenario: file, more: 1, fingerprints: machines })
})

test('a module that is no TypeScript is named with its line', () => {
  const file = join(mkdtempSync(join(tmpdir(), 'hostbridge-')), 'broken.ts')
  writeFileSync(file, 'const fine = 1\nthis is no code\n')

  const { status, stderr } = command('run', file)

  expect(status).toBe(2)
  expect(stderr).toContain(`hostbridge: ${file}, line 2 cannot be loaded: SyntaxError`)
})

test('a machine that cannot go on tells who waits for whom, also as JSON', () => {
  const scenario = join(mkdtempSync(join(tmpdir(), 'hostbridge-')), 'stuck.ts')
  writeFileSync(
    scenario,
    `import { Machine } from '${import.meta.resolve('@hostbridge/core/machine')}'
    export const build = () => new Machine('pc')
    export const main = (_print, watch) => {
      const machine = build()
      watch(machine)
      machine.waits.begin('cpu', 'disk', 'a completion')
      machine.waits.begin('disk', 'cpu', 'a doorbell')
      machine.run()
      return {}
    }`,
  )

  const spoken = command('run', scenario)
  const { stdout } = command('run', scenario, '--json')

  const deadlock = 'deadlock: cpu waits for disk (a completion), disk waits for cpu (a doorbell)'
  expect([spoken.status, spoken.stdout]).toEqual([0, expect.stringContaining(`'pc' cannot go on: ${deadlock}`)])
  expect(JSON.parse(stdout).blocked).toEqual([{ machine: 'pc', waits: [deadlock] }])
})

test('a trace of a scenario that hands no machine to watch says that there is none', () => {
  const scenario = join(mkdtempSync(join(tmpdir(), 'hostbridge-')), 'unwatched.ts')
  writeFileSync(scenario, 'export const build = () => {}\nexport const main = () => ({})\n')

  const { status, stdout } = command('run', scenario, '--trace-out', scenario.replace('.ts', '.json'))

  expect([status, stdout]).toEqual([0, expect.stringContaining('Nothing was traced: ')])
})
