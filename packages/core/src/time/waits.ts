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
    const lines: string[] = []
    for (const wait of this.#waits) {
      const circle = left.has(wait) ? this.#circleFrom(wait) : []
      if (circle.length === 0) continue
      for (const each of circle) left.delete(each)
      lines.push(`deadlock: ${circle.map(clause).join(', ')}`)
    }
    return [...lines, ...Array.from(left, clause)]
  }

  /** The shortest way along the waits that leads back to where it begins; empty if there is none. */
  #circleFrom(first: Wait): Wait[] {
    const seen = new Set([first])
    const ways = [[first]]
    for (const way of ways) {
      const { whom } = way.at(-1) as Wait
      if (whom === first.who) return way
      for (const next of this.#waits) {
        if (next.who !== whom || seen.has(next)) continue
        seen.add(next)
        ways.push([...way, next])
      }
    }
    return []
  }
}

function clause({ who, whom, what }: Wait): string {
  return `${who} waits for ${whom} (${what})`
}
