import { Presets, SingleBar } from 'cli-progress'

/** Shows how far a part of a command has come. */
export interface Progress {
  /** `done` of `total`, in any unit. */
  update(done: number, total: number): void
  /** `done` of nobody knows how many, and how far that is. */
  count(done: number, unit: string, reached?: string): void
  stop(): void
}

/**
 * Starts a progress display on standard error; it draws only where that is a terminal, ten times a second at most however
 * often it is told, and is gone when it stops.
 */
export function startProgress(label: string, stream: NodeJS.WriteStream = process.stderr): Progress {
  let bar: SingleBar | undefined
  const start = (format: string, total: number): SingleBar => {
    const made = new SingleBar({ stream, format, clearOnComplete: true, hideCursor: true }, Presets.shades_classic)
    made.start(total, 0)
    return made
  }
  return {
    update(done, total) {
      bar ??= start(`${label} {bar} {percentage}% {eta_formatted}`, total)
      bar.setTotal(total)
      bar.update(done)
    },
    count(done, unit, reached = '') {
      bar ??= start(`${label} {value} ${unit}{reached}`, Number.MAX_SAFE_INTEGER)
      bar.update(done, { reached: reached === '' ? '' : `, ${reached}` })
    },
    stop() {
      bar?.stop()
    },
  }
}
