import { cpus } from 'node:os'
import type { CaseReport } from './bench-case.ts'
import { measureApart } from './measure-apart.ts'
import { measureCase, SUITES, suiteNamed } from './measure-case.ts'

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
      const apart = suite.isApart?.(name) === true && !quick
      report(
        await (apart ? measureApart(suite, name, options.signal) : measureCase(suite, name, quick, options.signal)),
      )
    }
    const rows = (await suite.beside?.(reports, quick, options.signal)) ?? []
    for (const row of rows) report(row)
    options.signal?.throwIfAborted()
    suites.push({ suite: suite.name, cases: reports })
  }
  return { node: process.version, cpu: cpus()[0]?.model ?? 'unknown', suites }
}
