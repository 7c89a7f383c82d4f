import { HostbridgeError } from '../../errors.ts'
import type { MemoryListener } from '../listener.ts'
import type { TrackingReasons } from './dirty-client.ts'

const ALL_REASONS = 7

/** What tracking needs of the system whose memory it logs. */
export interface TrackedSystem {
  readonly name: string
  /** In ascending priority. */
  readonly listeners: readonly MemoryListener[]
  /** Lets `callListeners` call listeners; what they change in the map is committed after it. */
  tell(refusal: string, callListeners: () => void): void
  /** Commits with every range looked at anew. */
  renew(): void
}

/** Logs all memory of a system as long as there is a reason to (DL-9, DL-10). */
export class GlobalTracking {
  readonly #system: TrackedSystem
  #reasons: TrackingReasons = 0
  /** Reasons whose end waits for the machine to run again. */
  #postponed: TrackingReasons = 0
  #isPostponing = false
  #isRunning = true

  constructor(system: TrackedSystem) {
    this.#system = system
  }

  /** The reasons why memory is logged now; 0 where it is not. */
  get reasons(): TrackingReasons {
    return this.#reasons
  }

  /** Whether the machine runs; while it does not, logging goes on that should stop (DL-10). */
  get isRunning(): boolean {
    return this.#isRunning
  }

  /**
   * Adds reasons. With the first all listeners are told, ascending; then a commit tells them of every range (DL-9).
   * A reason that is there already changes nothing, except that its postponed end is called off.
   *
   * @throws HostbridgeError `memory.tracking-refused` where a listener cannot: those before it have been told back then,
   *   and the reasons are as before. `memory.tracking` for unknown reasons.
   */
  start(reasons: TrackingReasons): void {
    this.#check(reasons, ALL_REASONS, 'known')
    if (this.#isPostponing) {
      this.#postponed &= ~reasons
      this.#stopPostponed()
    }
    const fresh = reasons & ~this.#reasons
    if (fresh === 0) return
    const isFirst = this.#reasons === 0
    this.#reasons |= fresh
    if (!isFirst) return
    let isStarted = false
    try {
      this.#system.tell(`tracking cannot start in '${this.#system.name}'`, () => this.#tellStart())
      isStarted = true
    } finally {
      if (!isStarted) this.#reasons &= ~fresh
    }
    this.#system.renew()
  }

  /**
   * Takes reasons away. With the last a commit ends the logging of every range, and then the listeners are told,
   * descending. While the machine does not run it is postponed until it does (DL-10).
   *
   * @throws HostbridgeError `memory.tracking` for a reason that is not there.
   */
  stop(reasons: TrackingReasons): void {
    this.#check(reasons, this.#reasons, 'in force')
    if (this.#isRunning) {
      this.#stopNow(reasons)
      return
    }
    this.#postponed |= reasons
    this.#isPostponing = true
  }

  /** Is told whether the machine runs; it is taken to run at first. Carries out what was postponed. */
  setRunning(isRunning: boolean): void {
    this.#isRunning = isRunning
    if (isRunning && this.#isPostponing) this.#stopPostponed()
  }

  #stopPostponed(): void {
    const reasons = this.#postponed
    this.#postponed = 0
    this.#isPostponing = false
    if (reasons !== 0) this.#stopNow(reasons)
  }

  #stopNow(reasons: TrackingReasons): void {
    this.#reasons &= ~reasons
    if (this.#reasons !== 0) return
    this.#system.renew()
    this.#system.tell(`tracking cannot stop in '${this.#system.name}'`, () => {
      for (const listener of this.#system.listeners.toReversed()) listener.logGlobalStop?.()
    })
  }

  #tellStart(): void {
    const told: MemoryListener[] = []
    let isDone = false
    try {
      for (const listener of this.#system.listeners) {
        const reason = listener.logGlobalStart?.()
        if (reason !== undefined) throw trackingRefused(this.#system.name, listener.name, reason)
        told.push(listener)
      }
      isDone = true
    } finally {
      if (!isDone) for (const listener of told.reverse()) listener.logGlobalStop?.()
    }
  }

  #check(reasons: TrackingReasons, allowed: TrackingReasons, what: string): void {
    if (reasons > 0 && (reasons & ~allowed) === 0) return
    throw new HostbridgeError(
      'memory.tracking',
      `reasons ${reasons} to track the memory of '${this.#system.name}' are not ${what}: give a union of the bits in ${allowed}`,
      { system: this.#system.name, reasons, allowed },
    )
  }
}

/** The error of a listener that cannot log what it listens to. */
export function trackingRefused(system: string, listener: string, reason: string): HostbridgeError {
  return new HostbridgeError(
    'memory.tracking-refused',
    `'${listener}' cannot log the memory of '${system}': ${reason}; unregister it, or do without tracking`,
    { system, listener, reason },
  )
}
