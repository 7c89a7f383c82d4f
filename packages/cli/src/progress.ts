import { Presets, SingleBar } from 'cli-progress'

/** Shows how far a part of a command has come. */
export interface Progress {
  /** `done` of `total`, in any unit. */
  update(done: number, total: number): void
  /** `done` of nobody knows how many, and how far that is. */
  count(done: number, unit: string, reached?: string): void
  /** Takes the display away, as one does before printing; telling it more brings it back. */
  stop(): void
}

/**
 * Starts a progress display on standard error; it draws only where that is a terminal, ten times a second at most however
 * often it is told, and is gone when it stops. Cursor and line wrap stay as they are: Ctrl-C ends a run at any time, and nobody
 * would bring them back.
 */
export function startProgress(label: string, stream: NodeJS.WriteStream = process.stderr): Progress {
  let bar: SingleBar | undefined
  const start = (format: string, total: number, done: number, facts: object = {}): SingleBar => {
    const made = new SingleBar({ stream, format, clearOnComplete: true, linewrap: true }, Presets.shades_classic)
    made.start(total, done, facts)
    return made
  }
  return {
    update(done, total) {
      bar ??= start(`${label} {bar} {percentage}% {eta_formatted}`, total, done)
      bar.setTotal(total)
      bar.update(done)
    },
    count(done, unit, reached = '') {
      const facts = { reached: reached === '' ? '' : `, ${reached}` }
      bar ??= start(`${label} {value} ${unit}{reached}`, Number.MAX_SAFE_INTEGER, done, facts)
      bar.update(done, facts)
    },
    stop() {
      bar?.stop()
      bar = undefined
    },
  }
}
