/** Where two traces part. */
export interface TraceDifference {
  /** Lines that both have before. */
  readonly line: number
  /** The last of them, oldest first. */
  readonly before: readonly string[]
  /** What comes then, the parting line first; nothing where a trace has ended. */
  readonly left: readonly string[]
  readonly right: readonly string[]
}

/**
 * Compares two traces line by line, as {@link formatTrace} or {@link chromeTrace} writes them, and tells where they part, with up to
 * `context` lines around; `undefined` where they are the same. Keeps only those lines.
 */
export function diffTraces(left: Iterable<string>, right: Iterable<string>, context = 3): TraceDifference | undefined {
  const [ours, theirs] = [left[Symbol.iterator](), right[Symbol.iterator]()]
  const before: string[] = []
  for (let line = 0; ; line++) {
    const [a, b] = [ours.next(), theirs.next()]
    if (a.done === true && b.done === true) return undefined
    if (a.done !== true && b.done !== true && a.value === b.value) {
      before.push(a.value)
      if (before.length > context) before.shift()
      continue
    }
    return { line, before, left: follow(a, ours, context), right: follow(b, theirs, context) }
  }
}

function follow(first: IteratorResult<string>, rest: Iterator<string>, context: number): string[] {
  const lines: string[] = []
  for (let next = first; next.done !== true; next = rest.next()) {
    lines.push(next.value)
    if (lines.length > context) break
  }
  return lines
}
