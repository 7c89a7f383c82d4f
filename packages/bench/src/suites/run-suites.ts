import { cpus } from 'node:os'
import { HostbridgeError } from '@hostbridge/core'
import type { CaseReport, Suite } from './bench-case.ts'
import { eventsSuite } from './events.ts'
import { measure } from './measure.ts'
import { memorySuite } from './memory.ts'
import { pciSuite } from './pci.ts'
import { replaySuite } from './replay.ts'
import { topologySuite } from './topology.ts'
import { translateSuite } from './translate.ts'

/** What a run of suites reports; the keys are the command's contract. */
export interface BenchReport {
  readonly node: string
  readonly cpu: string
  readonly suites: readonly { readonly suite: string; readonly cases: readonly CaseReport[] }[]
}

export interface RunSuitesOptions {
  /** Names of suites; all unless told. */
  readonly suites?: readonly string[]
  /** Cases of each of the suites, in place of those that a whole run has. */
  readonly cases?: readonly string[]
  /** A short run that shows that everything works: small tables, few samples. */
  readonly quick?: boolean
  readonly signal?: AbortSignal
  /** Is called with each case when it has been measured. */
  onCase?(suite: string, report: CaseReport): void
  onProgress?(done: number, total: number): void
}

export const SUITES: readonly Suite[] = [translateSuite, memorySuite, topologySuite, pciSuite, eventsSuite, replaySuite]

/**
 * Runs benchmark suites one case after the other.
 *
 * @throws HostbridgeError `bench.suite` and `bench.unknown-case` for names that do not exist, `bench.case` where a case fails.
 */
export async function runSuites(options: RunSuitesOptions = {}): Promise<BenchReport> {
  const quick = options.quick ?? false
  const chosen = (options.suites ?? SUITES.map(({ name }) => name)).map(suiteNamed)
  const plan = chosen.map((suite) => ({ suite, cases: options.cases ?? suite.cases(quick) }))
  const total = plan.reduce((sum, { cases }) => sum + cases.length, 0)
  let done = 0
  const suites: { suite: string; cases: readonly CaseReport[] }[] = []
  for (const { suite, cases } of plan) {
    const reports: CaseReport[] = []
    const report = (measured: CaseReport): void => {
      reports.push(measured)
      options.onCase?.(suite.name, measured)
    }
    for (const name of cases) {
      options.onProgress?.(done++, total)
      report(await measureCase(suite, name, quick, options.signal))
    }
    for (const beside of (await suite.beside?.(cases, quick, options.signal)) ?? []) report(beside)
    options.signal?.throwIfAborted()
    suites.push({ suite: suite.name, cases: reports })
  }
  return { node: process.version, cpu: cpus()[0]?.model ?? 'unknown', suites }
}

async function measureCase(suite: Suite, name: string, quick: boolean, signal?: AbortSignal): Promise<CaseReport> {
  const open = await suite.open(name, quick)
  if (open === undefined) {
    const known = suite.cases(false).join(', ')
    const message = `suite ${suite.name} has no case ${name}: it has ${known} and others like them`
    throw new HostbridgeError('bench.unknown-case', message, { suite: suite.name, case: name })
  }
  try {
    return await measure(name, open, { quick, ...(signal && { signal }) })
  } finally {
    await open.close?.()
  }
}

function suiteNamed(name: string): Suite {
  const suite = SUITES.find((candidate) => candidate.name === name)
  if (suite !== undefined) return suite
  const known = SUITES.map((candidate) => candidate.name).join(', ')
  throw new HostbridgeError('bench.suite', `there is no suite ${name}: there are ${known}`, { suite: name })
}
