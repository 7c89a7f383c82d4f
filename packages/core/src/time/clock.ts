import { HostbridgeError } from '../errors.ts'
import { mulDivCeil, mulDivFloor } from './mul-div.ts'
import { LAST_TICK, notATick } from './tick.ts'

/** Ticks of a second. */
const SECOND = 1_000_000_000

/**
 * A clock whose period is a rational number of ticks: edge k is at `start + floor(k * num / den)`.
 *
 * Every edge is calculated from k alone, exactly for all of virtual time, so that no error adds up.
 */
export class Clock {
  /** The period is `num / den` ticks, in lowest terms. */
  readonly num: number
  readonly den: number
  /** The tick of edge 0. */
  readonly start: number

  /** @throws HostbridgeError `time.clock` unless all are whole, `num` and `den` at least 1, and `start` a tick. */
  constructor(num: number, den = 1, start = 0) {
    if (!isCount(num) || !isCount(den) || !Number.isSafeInteger(start) || start < 0) {
      throw new HostbridgeError(
        'time.clock',
        `a clock cannot have a period of ${num} / ${den} ticks from ${start}: give whole numbers below 2^53, and a period above 0`,
        { num, den, start },
      )
    }
    const divisor = commonDivisor(num, den)
    this.num = num / divisor
    this.den = den / divisor
    this.start = start
  }

  /** A clock of whole hertz. @throws HostbridgeError `time.clock`. */
  static ofHertz(hertz: number, start = 0): Clock {
    return new Clock(SECOND, hertz, start)
  }

  /** The tick of edge `k`. @throws HostbridgeError `time.tick` for one beyond the end of virtual time. */
  edge(k: number): number {
    const tick = this.edgeOrNever(k)
    if (!(tick <= LAST_TICK)) throw notATick(tick)
    return tick
  }

  /** The tick of edge `k`, `Infinity` for one beyond the end of virtual time. */
  edgeOrNever(k: number): number {
    const tick = this.start + mulDivFloor(k, this.num, this.den)
    return tick <= LAST_TICK ? tick : Number.POSITIVE_INFINITY
  }

  /**
   * The number of the last edge at `tick` or before; -1 before edge 0. Where several edges fall on one tick it is the last of
   * them. Exact while that number is below 2^53.
   */
  lastEdgeBy(tick: number): number {
    // floor(k * num / den) <= t is k * num < (t + 1) * den.
    return tick < this.start ? -1 : mulDivCeil(tick - this.start + 1, this.den, this.num) - 1
  }

  /** The tick of the first edge after `tick`. @throws HostbridgeError `time.tick` as {@link edge}. */
  next(tick: number): number {
    return this.edge(this.lastEdgeBy(tick) + 1)
  }
}

function isCount(value: number): boolean {
  return Number.isSafeInteger(value) && value > 0
}

function commonDivisor(a: number, b: number): number {
  return b === 0 ? a : commonDivisor(b, a % b)
}
