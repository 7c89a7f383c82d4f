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
