/** Runs every step, whatever others throw, and throws the first error met when all is done. */
export function runAll(steps: Iterable<() => void>): void {
  const errors: unknown[] = []
  for (const step of steps) {
    try {
      step()
    } catch (error) {
      errors.push(error)
    }
  }
  if (errors.length > 0) throw errors[0]
}
