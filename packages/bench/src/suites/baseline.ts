import { execFile } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import type { CaseReport } from './bench-case.ts'

const execute = promisify(execFile)

const sources = fileURLToPath(new URL('../../../../reference/baseline/', import.meta.url))

/** Time of the classical replay loop in C and of reading every entry once, in ns per page; keys are patterns. */
type ReplayLoop = Readonly<Record<string, { readonly loop_ns: number; readonly read_ns: number }>>

/** The classical per-page replay loop in C (`replay_loop.c`), over 2^`logEntries` pages of each pattern. */
export async function replayLoopBaseline(logEntries: number, signal?: AbortSignal): Promise<readonly CaseReport[]> {
  const compile = ['cc', '-O3', '-march=native', 'replay_loop.c']
  const [measured] = (await runBaseline<ReplayLoop>(compile, [], [[String(logEntries)]], signal)) ?? []
  if (measured === undefined) return [{ name: 'replay_loop.c', baseline: 'not built' }]
  return Object.entries(measured).map(([pattern, { loop_ns, read_ns }]) => {
    return { name: `replay_loop.c/${pattern}/${logEntries}`, ns: loop_ns, unit: 'page', readNs: read_ns, baseline: 'C' }
  })
}

/**
 * Compiles a program of `reference/baseline`, runs it with each argument list, and parses the JSON it prints.
 *
 * Answers with `undefined` where there is no compiler, no library or no source: a run without baselines is a run all the same.
 */
async function runBaseline<T>(
  compile: readonly string[],
  libraries: readonly string[],
  argvs: readonly (readonly string[])[],
  signal: AbortSignal | undefined,
): Promise<readonly T[] | undefined> {
  const folder = await mkdtemp(join(tmpdir(), 'hostbridge-baseline-'))
  const program = join(folder, 'program')
  const [compiler = 'cc', ...options] = compile
  const abortable = signal === undefined ? {} : { signal }
  try {
    await execute(compiler, [...options, '-o', program, ...libraries], { cwd: sources, ...abortable })
    const results: T[] = []
    for (const argv of argvs) results.push(JSON.parse((await execute(program, [...argv], abortable)).stdout) as T)
    return results
  } catch {
    signal?.throwIfAborted()
    return undefined
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}
