import { execFile, execFileSync } from 'node:child_process'
import { rmSync } from 'node:fs'
import { mkdtemp } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { getEnvironmentData, isMainThread, setEnvironmentData } from 'node:worker_threads'

const sources = fileURLToPath(new URL('../../../../reference/baseline/', import.meta.url))

/** Measures one case of SystemC's kernel (`systemc_events.cpp`) once, for a quarter of a second; returns ns of CPU time an event. */
export type SystemC = (test: string, size: number) => number

/** Where threads find what the main thread has compiled. */
const KEY = 'hostbridge.systemc'

let built: Promise<SystemC | undefined> | undefined

/** Compiles the program, once a process, on the main thread; `undefined` where there is no compiler, no library or no source. */
export function systemc(): Promise<SystemC | undefined> {
  built ??= build()
  return built
}

async function build(): Promise<SystemC | undefined> {
  if (isMainThread) setEnvironmentData(KEY, await compile())
  const program = getEnvironmentData(KEY)
  if (typeof program !== 'string') return undefined
  return (test, size) => {
    const printed = execFileSync(program, ['event', test, `${size}`, 'exp'], { encoding: 'utf8', stdio: 'pipe' })
    return (JSON.parse(printed.trim().split('\n').at(-1) ?? '') as { readonly ns: number }).ns
  }
}

/** Returns where the program lies, `undefined` where it cannot be compiled. */
async function compile(): Promise<string | undefined> {
  const folder = await mkdtemp(join(tmpdir(), 'hostbridge-systemc-'))
  process.once('exit', () => rmSync(folder, { recursive: true, force: true }))
  const program = join(folder, 'systemc_events')
  try {
    const options = ['-O2', 'events/systemc_events.cpp', '-o', program, '-lsystemc']
    await promisify(execFile)('g++', options, { cwd: sources })
    return program
  } catch {
    return undefined
  }
}
