import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { command, commandWith, MAIN, ROOT } from './command.ts'

const TRACE = 'reference/traces/pseries-linux-6.12-dynamic.trace.gz'

/** Sends Ctrl-C as soon as somebody listens for it. */
const CTRL_C = `process.on('newListener', (name) => {
  if (name === 'SIGINT') setTimeout(() => process.kill(process.pid, 'SIGINT'), 10)
})`

test.each([
  ['trace', TRACE, TRACE],
  ['conformance', 'memory', ...Array.from({ length: 5 }, () => 'reference/memory/memory-iommu.jsonl.gz')],
  ['bench', 'events', '--json'],
  ['demo', '--json'],
])('Ctrl-C ends %s with status 130 and a word about it', (...argv) => {
  const { status, stdout, stderr } = commandWith({ preload: CTRL_C }, ...argv)

  expect({ status, stdout, stderr }).toEqual({ status: 130, stdout: '', stderr: 'hostbridge: interrupted\n' })
})

/** Sends Ctrl-C when threads have been at work for a while; a command that does not end then is ended with status 99. */
const CTRL_C_AMONG_THREADS = `let started = 0
process.on('worker', (worker) => worker.once('online', () => {
  if (++started === 2) setTimeout(() => {
    process.kill(process.pid, 'SIGINT')
    setTimeout(() => process.exit(99), 10_000).unref()
  }, 300)
}))`

test('Ctrl-C while worker threads replay ends them and the process with status 130', () => {
  const argv = ['bench', 'replay', '--case', 'dense/12/2', '--json']

  const { status, stdout, stderr } = commandWith({ preload: CTRL_C_AMONG_THREADS }, ...argv)

  expect({ status, stdout, stderr }).toEqual({ status: 130, stdout: '', stderr: 'hostbridge: interrupted\n' })
})

test('a reader that goes away, as `head` does, leaves no stack and no other status', async () => {
  const child = spawn(process.execPath, [MAIN, 'mtree', 'first-machine'], { cwd: ROOT })
  child.stdout.destroy()
  let stderr = ''
  child.stderr.on('data', (data: Buffer) => {
    stderr += data.toString()
  })

  const [status] = await once(child, 'close')

  expect({ status, stderr }).toEqual({ status: 0, stderr: '' })
})

test('each command tells how it is used', () => {
  const { stdout } = command('--help')

  const commands = [...stdout.matchAll(/^ {2}([a-z]+) .*[[<]/gm)].map(([, name]) => name)
  expect(commands).toEqual(['demo', 'trace', 'bench', 'conformance', 'run', 'mtree', 'help'])
  for (const name of commands.slice(0, -1)) {
    const help = command(name!, '--help')
    expect(help.status).toBe(0)
    expect(help.stdout).toContain('--json')
  }
})

test('a command line without a command shows the usage, which is wrong usage', () => {
  const { status, stdout, stderr } = command()

  expect([status, stdout]).toEqual([2, ''])
  expect(stderr).toContain('Usage: hostbridge')
})

test('the version is that of the package', () => {
  const { version } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')) as {
    version: string
  }

  expect(command('--version').stdout).toBe(`${version}\n`)
})
