import { HostbridgeError } from '@hostbridge/core'
import type { CaseReport } from './bench-case.ts'
import { measureCase, suiteNamed } from './measure-case.ts'

export interface CaseTask {
  readonly suite: string
  readonly name: string
}

/** An error keeps its code and facts in no clone: they travel beside it. */
export type CaseOutcome =
  | { readonly report: CaseReport }
  | { readonly code: string; readonly message: string; readonly facts: Readonly<Record<string, unknown>> }

/** Measures one case of a whole run on this thread. */
export default async function measureHere({ suite, name }: CaseTask): Promise<CaseOutcome> {
  try {
    return { report: await measureCase(suiteNamed(suite), name, false) }
  } catch (error) {
    if (!(error instanceof HostbridgeError)) throw error
    return { code: error.code, message: error.message, facts: error.facts }
  }
}
