import { HostbridgeError } from '@hostbridge/core'
import type { DeviceState, Machine } from '@hostbridge/core/machine'
import { MemTx, type MemTxResult, mmio } from '@hostbridge/core/memory'
import { EventPriority, LAST_TICK, type SimEvent } from '@hostbridge/core/time'
import { PciDevice } from '../../pci/index.ts'
import { TRAFFIC_BAR_SIZE, TRAFFIC_IDENTITY, TrafficInterrupt } from '../spec/traffic-engine.ts'
import { LatencyHistogram, type SavedHistogram } from './latency-histogram.ts'
import { bytesOf, type CompleteJob, completeJob, refuseJob, type TrafficJob } from './traffic-job.ts'
import { shapeOf, type TrafficEngineOptions, type TrafficEngineShape } from './traffic-options.ts'
import { type SavedPace, TrafficPace } from './traffic-pace.ts'
import { type SavedPattern, TrafficPattern } from './traffic-pattern.ts'
import {
  type TrafficCounters,
  type TrafficEnginePort,
  TrafficRegisters,
  type TrafficState,
} from './traffic-registers.ts'
import { type SavedSlots, TrafficSlots } from './traffic-slots.ts'

const NOTHING_YET: TrafficCounters = {
  started: 0,
  completed: 0,
  failed: 0,
  bytesRead: 0,
  bytesWritten: 0,
  faultAddress: 0n,
}

/** A job under way, and all that decides how it goes on. */
interface Run {
  readonly job: CompleteJob
  readonly pattern: TrafficPattern
  readonly pace: TrafficPace
  /** Of each place of a request: where the bytes that are read go, and those that are written. */
  readonly buffers: readonly { readonly incoming: Uint8Array; readonly outgoing: Uint8Array }[]
  /** Why no more requests start. */
  ending: 'stopped' | 'faulted' | undefined
}

/**
 * A function that makes DMA traffic of a wanted shape: in order, anywhere or over lists of places, at a rate or as fast as it can, with
 * many requests under way.
 *
 * A request that is due waits for a free slot; then its bytes move, it takes its turn on the link, and completes after the latency.
 * What the histogram counts is the time from when it was due: an overloaded engine shows its queue.
 *
 * A driver programs it by its registers (spec/traffic-engine.ts), a composer with {@link run}; it comes up as a bus master.
 */
export class TrafficEngine extends PciDevice implements TrafficEnginePort {
  /** Ticks from when each completed request was due. */
  readonly latency: LatencyHistogram = new LatencyHistogram()
  readonly #shape: TrafficEngineShape
  readonly #registers: TrafficRegisters = new TrafficRegisters(this)
  readonly #issue: SimEvent
  readonly #completions: readonly SimEvent[]
  readonly #slots: TrafficSlots
  #counters: { -readonly [K in keyof TrafficCounters]: TrafficCounters[K] } = { ...NOTHING_YET }
  #status: TrafficState = 'idle'
  #run: Run | undefined
  /** The first tick at which the link carries nothing. */
  #linkFree = 0
  #interruptStatus = 0

  /** @throws HostbridgeError `endpoints.traffic` for options that no engine has. */
  constructor(options: TrafficEngineOptions = {}) {
    const shape = shapeOf(options)
    const { name, slots } = shape
    super(name, { ...TRAFFIC_IDENTITY, busMaster: true })
    this.#shape = shape
    this.#issue = this.event('issue', () => this.#pump(), { name: `${name} issue` })
    const completion = { name: `${name} completion`, priority: EventPriority.completion }
    this.#completions = Array.from({ length: slots }, (_, slot) => {
      return this.event(`completion ${slot}`, () => this.#complete(slot), completion)
    })
    this.#slots = new TrafficSlots(slots)
    this.useMsi()
    const region = mmio(`${name} registers`, TRAFFIC_BAR_SIZE, {
      valid: { min: 4, max: 8 },
      impl: { min: 4, max: 4 },
      read: (offset) => this.#registers.read(offset),
      write: (offset, value) => this.#registers.write(offset, value),
    })
    this.bars.add(0, { kind: 'memory32', region })
  }

  get status(): TrafficState {
    return this.#status
  }

  get counters(): TrafficCounters {
    return { ...this.#counters }
  }

  /** Requests under way. */
  get outstanding(): number {
    return this.#slots.used
  }

  /** See `TrafficInterrupt`. */
  get interruptStatus(): number {
    return this.#interruptStatus
  }

  /**
   * Starts a job; its first requests come when the machine runs.
   *
   * @throws HostbridgeError `endpoints.traffic` for a job that cannot be, or while another one runs; `endpoints.no-time` for a card
   *   that no machine uses.
   */
  run(job: TrafficJob): void {
    const { name } = this
    if (this.timeline === undefined) {
      const message = `'${name}' cannot do a job, which takes time: it is in no machine, nor passed to one`
      throw new HostbridgeError('endpoints.no-time', message, { device: name })
    }
    const refused = this.#start(this.timeline, job)
    if (refused === undefined) return
    throw new HostbridgeError('endpoints.traffic', `'${name}' cannot do this job: ${refused}`, { device: name })
  }

  /** For the registers: what cannot be done is a guest error. */
  startForGuest(job: TrafficJob): boolean {
    const machine = this.timeline
    const refused = machine === undefined ? 'it is in no machine' : this.#start(machine, job)
    if (refused === undefined) return true
    const message = `'${this.name}' does not do its guest's job: ${refused}`
    machine?.guestError({ code: 'traffic.job', message, device: this })
    return false
  }

  /** Starts no more requests; the job is `stopped` when those under way are done. */
  stop(): void {
    if (this.#run === undefined) return
    this.#run.ending ??= 'stopped'
    this.#settle(this.#run)
  }

  /** Clears bits of {@link interruptStatus}, as a driver does that has seen them. */
  acknowledge(bits: number): void {
    this.#interruptStatus &= ~bits
    if (this.#interruptStatus === 0) this.intx?.set(false)
  }

  /** For the registers. */
  fetchList(iova: bigint, into: Uint8Array): boolean {
    return this.dmaRead(iova, into) === MemTx.ok
  }

  override resetEnter(): void {
    for (const event of [this.#issue, ...this.#completions]) event.queue?.deschedule(event)
    this.#registers.reset()
    this.#slots.clear()
    this.#counters = { ...NOTHING_YET }
    this.latency.clear()
    this.#status = 'idle'
    this.#run = undefined
    this.#linkFree = 0
    this.#interruptStatus = 0
  }

  override save(): DeviceState {
    const run = this.#run
    return {
      ...super.save(),
      registers: this.#registers.save(),
      slots: this.#slots.save(),
      counters: { ...this.#counters },
      latency: this.latency.save(),
      now: [this.#status, this.#linkFree, this.#interruptStatus],
      ...(run && { run: [run.job, run.pattern.save(), run.pace.save(), run.ending] }),
    }
  }

  override restore(state: DeviceState): void {
    super.restore(state)
    this.#registers.restore(state.registers)
    this.#slots.restore(state.slots as SavedSlots)
    this.#counters = { ...(state.counters as TrafficCounters) }
    this.latency.restore(state.latency as SavedHistogram)
    ;[this.#status, this.#linkFree, this.#interruptStatus] = state.now as [TrafficState, number, number]
    this.#run = undefined
    if (state.run === undefined) return
    const [job, pattern, pace, ending] = state.run as [CompleteJob, SavedPattern, SavedPace, Run['ending']]
    this.#run = makeRun(job, new TrafficPattern(job, pattern), new TrafficPace(pace, job), ending)
  }

  /** What is under way has moved its bytes and completes no more. */
  protected override onUnplug(): void {
    this.resetEnter()
  }

  /** Says why a job cannot be started; nothing where it is. */
  #start({ queue }: Machine, asked: TrafficJob): string | undefined {
    if (this.#run !== undefined) return 'another one runs, stop that first'
    const job = completeJob(asked)
    const refused = refuseJob(job, this.#shape.slots)
    if (refused !== undefined) return refused
    this.#counters = { ...NOTHING_YET }
    this.latency.clear()
    this.#run = makeRun(job, new TrafficPattern(job), new TrafficPace({ due: queue.now, phase: 0 }, job), undefined)
    this.#status = 'running'
    queue.schedule(this.#issue, queue.now)
    return undefined
  }

  /** Starts the requests that are due and have a slot; of the next one that is due later it is called again then. */
  #pump(): void {
    const run = this.#run
    const queue = this.timeline?.queue
    if (run === undefined || queue === undefined) return
    const { job, pace } = run
    const { now } = queue
    while (this.#run === run && run.ending === undefined && this.#counters.started < job.requests) {
      if (this.outstanding >= job.outstanding) return
      if (job.rate === undefined) pace.due = now
      else if (pace.due > now) {
        if (!this.#issue.scheduled && pace.due <= LAST_TICK) queue.schedule(this.#issue, pace.due)
        return
      }
      this.#request(run, now)
    }
  }

  #request(run: Run, now: number): void {
    const { job, pattern, pace, buffers } = run
    const reads = pattern.reads()
    let result: MemTxResult = MemTx.ok
    for (let index = 0; index < buffers.length; index++) {
      const { incoming, outgoing } = buffers[index] as Run['buffers'][number]
      const iova = job.segments[index]?.iova ?? pattern.place()
      result |= reads ? this.dmaRead(iova, incoming) : this.dmaWrite(iova, outgoing)
      // What it wrote to may have reset or unplugged it.
      if (this.#run !== run) return
    }
    const bytes = bytesOf(job)
    const { linkBytesPerSecond, latency, jitter } = this.#shape
    this.#linkFree = Math.max(now, this.#linkFree) + Math.ceil((bytes * 1e9) / linkBytesPerSecond)
    const slot = this.#slots.take(pace.due, result !== MemTx.ok)
    this.#counters.started++
    if (result !== MemTx.ok) this.#counters.faultAddress = this.faults.last?.iova ?? 0n
    else if (reads) this.#counters.bytesRead += bytes
    else this.#counters.bytesWritten += bytes
    pace.next()
    const done = this.#linkFree + latency + pattern.below(jitter)
    this.timeline?.queue.schedule(this.#completions[slot] as SimEvent, Math.min(done, LAST_TICK))
  }

  #complete(slot: number): void {
    const [run, machine] = [this.#run, this.timeline]
    if (run === undefined || machine === undefined) return
    const { due, failed } = this.#slots.release(slot)
    const duration = machine.queue.now - due
    this.#counters.completed++
    this.latency.record(duration)
    machine.trace?.add({ time: due, category: 'dma', device: this.path, name: 'request', duration })
    if (failed) {
      this.#counters.failed++
      if (run.job.stopOnFault) run.ending ??= 'faulted'
      if (this.#registers.interruptsOnFault) this.#raise(TrafficInterrupt.fault)
    }
    this.#settle(run)
    this.#pump()
  }

  /** Ends a job of which nothing is under way any more and nothing is to come. */
  #settle(run: Run): void {
    if (this.#run !== run || this.outstanding > 0) return
    if (run.ending === undefined && this.#counters.started < run.job.requests) return
    this.#issue.queue?.deschedule(this.#issue)
    this.#run = undefined
    this.#status = run.ending ?? 'done'
    if (this.#registers.interruptsWhenDone) this.#raise(TrafficInterrupt.done)
  }

  #raise(bits: number): void {
    this.#interruptStatus |= bits
    if (this.msi?.enabled === true) this.msi.signal(0)
    else this.intx?.set(true)
  }
}

/** Bytes that are written count from 0 on, again and again. */
function makeRun(job: CompleteJob, pattern: TrafficPattern, pace: TrafficPace, ending: Run['ending']): Run {
  const sizes = job.pattern === 'scatter-gather' ? job.segments.map(({ bytes }) => bytes) : [job.requestBytes]
  const buffers = sizes.map((length) => {
    const outgoing = new Uint8Array(length)
    for (let at = 0; at < length; at++) outgoing[at] = at
    return { incoming: new Uint8Array(length), outgoing }
  })
  return { job, pattern, pace, buffers, ending }
}
