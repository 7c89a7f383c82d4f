import type { HostbridgeError } from '@hostbridge/core'

/** What the command ends with; the statuses are part of its contract. */
export const ExitStatus = {
  good: 0,
  /** A checkpoint, a step or a case did not come out as recorded. */
  checkFailed: 1,
  /** Wrong usage, or input that is damaged. */
  damagedInput: 2,
  /** Ended by Ctrl-C, with every worker ended. */
  interrupted: 130,
} as const

/** Codes of errors that are no matter of usage or input: a case that did not do its work, a worker that died. */
const FAILED_CHECKS = /^(bench\.(case|runs)|replay\..*)$/

/** The status that a command ends with when `error` ended it. */
export function exitStatusOf(error: HostbridgeError): number {
  return FAILED_CHECKS.test(error.code) ? ExitStatus.checkFailed : ExitStatus.damagedInput
}
