/**
 * The first tick that no longer belongs to the window in which the `earliest` event of all domains happens.
 *
 * What is sent inside it at a tick of `earliest` or later arrives a lookahead later, so at its end or after; time in which
 * nothing happens is in no window. `last` is the last tick of the run.
 */
export function windowEnd(earliest: number, quantum: number, last: number): number {
  return Math.min(earliest + quantum, last + 1)
}
