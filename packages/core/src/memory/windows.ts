import type { Range } from '../address/range.ts'

/** Windows that are remembered apart; past this many they are joined, and past half of it they become one. */
const MOST = 4096

/** Windows of addresses in which something may have changed, in any order. */
export class Windows {
  #list: Range[] = []
  #low = -1n
  #high = -2n

  get isEmpty(): boolean {
    return this.#list.length === 0
  }

  /** All windows, in any order. */
  get all(): readonly Range[] {
    return this.#list
  }

  add(start: bigint, last: bigint): void {
    // A device that moves one window to and fro in a transaction names the same one again and again.
    if (start >= this.#low && last <= this.#high) return
    this.#low = start
    this.#high = last
    this.#list.push({ start, last })
    if (this.#list.length < MOST) return
    const joined = join(this.#list)
    this.#list = joined.length <= MOST / 2 ? joined : [{ start: joined[0]!.start, last: joined.at(-1)!.last }]
  }

  /** Hands all windows over, ascending, apart from each other by a byte at least, and is empty then. */
  take(): readonly Range[] {
    const list = this.#list
    if (list.length === 0) return list
    this.#list = []
    this.#low = -1n
    this.#high = -2n
    return list.length < 2 ? list : join(list)
  }
}

function join(windows: Range[]): Range[] {
  windows.sort((one, other) => (one.start < other.start ? -1 : one.start > other.start ? 1 : 0))
  const joined: Range[] = []
  let { start, last } = windows[0] as Range
  for (const window of windows) {
    if (window.start > last + 1n) {
      joined.push({ start, last })
      start = window.start
      last = window.last
    } else if (window.last > last) {
      last = window.last
    }
  }
  joined.push({ start, last })
  return joined
}
