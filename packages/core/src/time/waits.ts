/** One who waits for another; ended when what it waits for has come. */
export interface Wait {
  readonly who: string
  readonly whom: string
  /** What it waits for, in words. */
  readonly what: string
  end(): void
}

/** Who waits for whom: tells why a run in which nothing happens any more cannot go on. */
export class Waits {
  readonly #waits = new Set<Wait>()

  get size(): number {
    return this.#waits.size
  }

  /** `who` waits from now on; devices and domains are named as in messages. */
  begin(who: string, whom: string, what: string): Wait {
    const wait: Wait = { who, whom, what, end: () => void this.#waits.delete(wait) }
    this.#waits.add(wait)
    return wait
  }

  clear(): void {
    this.#waits.clear()
  }

  /** A line for each circle of those who wait for each other, then one for everybody else who waits, in the order of waiting. */
  report(): string[] {
    const left = new Set(this.#waits)
    const byWho = Map.groupBy(this.#waits, ({ who }) => who)
    const lines: string[] = []
    for (const wait of this.#waits) {
      const circle = left.has(wait) ? circleFrom(wait, byWho) : []
      if (circle.length === 0) continue
      for (const each of circle) left.delete(each)
      lines.push(`deadlock: ${circle.map(clause).join(', ')}`)
    }
    return [...lines, ...Array.from(left, clause)]
  }
}

/** The shortest way along the waits that leads back to where it begins; empty if there is none. */
function circleFrom(first: Wait, byWho: ReadonlyMap<string, readonly Wait[]>): Wait[] {
  const cameFrom = new Map<Wait, Wait | undefined>([[first, undefined]])
  const asked = new Set<string>()
  for (const wait of cameFrom.keys()) {
    if (wait.whom === first.who) return wayTo(wait, cameFrom)
    if (asked.has(wait.whom)) continue
    asked.add(wait.whom)
    for (const next of byWho.get(wait.whom) ?? []) cameFrom.set(next, wait)
  }
  return []
}

function wayTo(last: Wait, cameFrom: ReadonlyMap<Wait, Wait | undefined>): Wait[] {
  const way: Wait[] = []
  for (let wait: Wait | undefined = last; wait !== undefined; wait = cameFrom.get(wait)) way.push(wait)
  return way.reverse()
}

function clause({ who, whom, what }: Wait): string {
  return `${who} waits for ${whom} (${what})`
}
