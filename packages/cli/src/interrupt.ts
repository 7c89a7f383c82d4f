/** The reason that an interrupted command's signal carries. */
export class Interrupted extends Error {
  override readonly name = 'Interrupted'
}

/**
 * Runs `work` with a signal that Ctrl-C aborts. The work ends its workers and throws; a second Ctrl-C ends the process at
 * once, as it does everywhere.
 */
export async function interruptible<T>(work: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const controller = new AbortController()
  const onInterrupt = () => controller.abort(new Interrupted('interrupted'))
  process.once('SIGINT', onInterrupt)
  try {
    return await work(controller.signal)
  } finally {
    process.removeListener('SIGINT', onInterrupt)
  }
}
