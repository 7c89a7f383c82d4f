import { extname } from 'node:path'
import { HostbridgeError } from '@hostbridge/core'
import { Piscina } from 'piscina'
import type { CaseReport, Suite } from './bench-case.ts'
import type { CaseOutcome, CaseTask } from './case.worker.ts'

/** `case.worker` as it lies beside this file: `.ts` in the workspace, `.js` in the package. */
const WORKER = new URL(`./case.worker${extname(import.meta.url)}`, import.meta.url)

/**
 * Measures one case of a whole run on a new thread: what V8 has learnt of the cases before it is not in its way, as it is not in
 * that of a baseline, which has a process of its own.
 *
 * @throws HostbridgeError as `measureCase`.
 */
export async function measureApart(suite: Suite, name: string, signal?: AbortSignal): Promise<CaseReport> {
  await suite.ready?.()
  const thread = new Piscina<CaseTask, CaseOutcome>({ filename: WORKER.href, maxThreads: 1, recordTiming: false })
  try {
    const outcome = await thread.run({ suite: suite.name, name }, { signal: signal ?? null })
    if ('report' in outcome) return outcome.report
    throw new HostbridgeError(outcome.code, outcome.message, outcome.facts)
  } catch (error) {
    signal?.throwIfAborted()
    throw error
  } finally {
    await thread.destroy()
  }
}
