/** Buckets of each power of two: a bucket is at most 1/32 of its values wide. */
const SUB_BITS = 5
const SUB = 2 ** SUB_BITS
/** Values below 2^53 and their buckets. */
const BUCKETS = (53 - SUB_BITS + 1) * SUB

/** A histogram as data: the buckets that have anything, as pairs of number and count. */
export interface SavedHistogram {
  readonly buckets: readonly (readonly [bucket: number, count: number])[]
  readonly least: number
  readonly most: number
  readonly sum: number
}

/**
 * Counts durations in buckets that grow with the value, so that every percentile is known to 3.2 % from 12 KiB, however many there are.
 *
 * It is a page of its own code and not a library: it is saved with its device as plain data, runs in a browser, and is recorded
 * into a million times a second.
 */
export class LatencyHistogram {
  readonly #counts = new Float64Array(BUCKETS)
  #count = 0
  #least = 0
  #most = 0
  #sum = 0

  /** Values recorded. */
  get count(): number {
    return this.#count
  }

  /** The least and the greatest value, exact; 0 while there is none. */
  get least(): number {
    return this.#least
  }

  get most(): number {
    return this.#most
  }

  /** Exact as long as the sum of all values is below 2^53; 0 while there is none. */
  get mean(): number {
    return this.#count === 0 ? 0 : this.#sum / this.#count
  }

  /** Records a whole number from 0 to 2^53 - 1. */
  record(value: number): void {
    const bucket = bucketOf(value)
    this.#counts[bucket] = (this.#counts[bucket] as number) + 1
    if (this.#count === 0 || value < this.#least) this.#least = value
    if (value > this.#most) this.#most = value
    this.#count++
    this.#sum += value
  }

  /**
   * The value that `percent` of all are not above, by nearest rank: the last one of its bucket, but never above the greatest. 0
   * while there is none.
   */
  percentile(percent: number): number {
    if (this.#count === 0) return 0
    const rank = Math.max(1, Math.ceil((percent / 100) * this.#count))
    let seen = 0
    for (let bucket = bucketOf(this.#least); bucket < BUCKETS; bucket++) {
      seen += this.#counts[bucket] as number
      if (seen >= rank) return Math.min(lastOf(bucket), this.#most)
    }
    return this.#most
  }

  /** The buckets that have anything, ascending: their first and last value and how many are in them. */
  *[Symbol.iterator](): Generator<{ first: number; last: number; count: number }, void, undefined> {
    for (const [bucket, count] of this.#filled()) yield { first: firstOf(bucket), last: lastOf(bucket), count }
  }

  clear(): void {
    this.#counts.fill(0)
    this.#count = 0
    this.#least = 0
    this.#most = 0
    this.#sum = 0
  }

  save(): SavedHistogram {
    return { buckets: [...this.#filled()], least: this.#least, most: this.#most, sum: this.#sum }
  }

  restore({ buckets, least, most, sum }: SavedHistogram): void {
    this.clear()
    for (const [bucket, count] of buckets) {
      this.#counts[bucket] = count
      this.#count += count
    }
    this.#least = least
    this.#most = most
    this.#sum = sum
  }

  *#filled(): Generator<[bucket: number, count: number], void, undefined> {
    for (const [bucket, count] of this.#counts.entries()) if (count > 0) yield [bucket, count]
  }
}

/** Values below 2 * SUB have buckets of their own; above, the highest 6 bits choose. */
function bucketOf(value: number): number {
  const shift = Math.max(0, bitsOf(value) - 1 - SUB_BITS)
  return shift * SUB + Math.floor(value / 2 ** shift)
}

function firstOf(bucket: number): number {
  const shift = Math.max(0, Math.floor(bucket / SUB) - 1)
  return (bucket - shift * SUB) * 2 ** shift
}

function lastOf(bucket: number): number {
  return firstOf(bucket + 1) - 1
}

/** How many bits a whole number below 2^53 has. */
function bitsOf(value: number): number {
  return value < 2 ** 32 ? 32 - Math.clz32(value) : 64 - Math.clz32(value / 2 ** 32)
}
