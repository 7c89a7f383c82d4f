import { HostbridgeError } from '../errors.ts'
import type { SimEvent, SimEventOptions } from '../time/event.ts'
import { checkKey, numberedKey } from './composed-events.ts'
import { checkPlace } from './composition-errors.ts'
import { type DmaFault, FaultLog } from './fault-log.ts'
import { InterruptLine } from './interrupt-line.ts'
import type { Machine } from './machine.ts'
import { NamedEvents } from './named-events.ts'
import type { RestoreStage } from './restore-stage.ts'
import { runAll } from './run-all.ts'
import type { UnplugAnswer } from './unplug-requests.ts'

/** What a device knows, as data that `structuredClone` takes; shared buffers in it stay shared. */
export type DeviceState = Readonly<Record<string, unknown>>

/** Where a device is plugged. */
export interface DevicePlace {
  readonly machine: Machine
  /** The bridge that the device sits behind; `undefined` for a device of the machine itself. */
  readonly parent: Device | undefined
  /** The last part of its path: a slot's address, or the device's name. */
  readonly at: string
}

/**
 * A part of a machine that can be plugged, unplugged, reset, saved and restored.
 *
 * Making one has no effect on anything else; `onPlug` has all of it.
 */
export abstract class Device {
  readonly name: string
  /** The DMA accesses of this device that failed. */
  readonly faults: FaultLog = new FaultLog()
  readonly #children: Device[] = []
  readonly #interrupts = new Map<string, InterruptLine>()
  readonly #events: NamedEvents
  /** What its `onPlug` has scheduled on the machine without a key. */
  readonly #plugEvents: NamedEvents
  /** Keys of the events that it had before it was plugged: it keeps them when it leaves. */
  #lasting: ReadonlySet<string> = new Set()
  #releases: (() => void)[] = []
  #place: DevicePlace | undefined

  constructor(name: string) {
    this.name = name
    this.#events = new NamedEvents(name)
    this.#plugEvents = new NamedEvents(name)
  }

  /** Where the device is plugged; an object of its own for every plug, there while `onPlug` runs. */
  get place(): DevicePlace | undefined {
    return this.#place
  }

  /** The machine that the device is plugged into; set while `onPlug` runs. */
  get machine(): Machine | undefined {
    return this.#place?.machine
  }

  /** The device that this one is plugged below. */
  get parent(): Device | undefined {
    return this.#place?.parent
  }

  /** The devices plugged below this one, in the order of plugging. */
  get children(): readonly Device[] {
    return this.#children
  }

  /** Its place in its machine, such as `phb0/00:01.0`; its name while it is not plugged. */
  get path(): string {
    const { parent, at = this.name } = this.#place ?? {}
    return parent === undefined ? at : `${parent.path}/${at}`
  }

  /** The lines that lead out of this device, by name. */
  get interrupts(): ReadonlyMap<string, InterruptLine> {
    return this.#interrupts
  }

  /** When this device takes up a saved state, among others; see {@link RestoreStage}. */
  get restoreStage(): RestoreStage {
    return 'device'
  }

  /** Gives the events of this device with their keys: what a saved machine names them by. */
  forEachEvent(visit: (event: SimEvent, key: string) => void): void {
    this.#events.forEachEvent(visit)
    this.#plugEvents.forEachEvent(visit)
  }

  /** Records a DMA access that failed and tells the machine's listeners; call it before the access returns. */
  recordFault(fault: Omit<DmaFault, 'time'>): DmaFault {
    const machine = this.machine
    const record: DmaFault = { ...fault, time: machine?.now ?? 0n }
    this.faults.record(record)
    machine?.events.emit('fault', this, record)
    return record
  }

  /** First phase of a reset: forgets its state and stops what is under way, without an effect on anybody else. */
  resetEnter(): void {}

  /** Second phase: brings what it drives to its state of rest. Its interrupt lines fall afterwards by themselves. */
  resetHold(): void {}

  /** Third phase: starts anew; all others are at rest now. */
  resetExit(): void {}

  /**
   * What {@link restore} needs to bring this device back to where it is now. Its lines, its faults, and when the events wait
   * for that it made with {@link event} are saved by the machine.
   */
  save(): DeviceState {
    return {}
  }

  /**
   * Takes up a saved state; the machine's time is set and its queue is empty. The device has all the events again when this
   * returns that it had; those of them that waited are scheduled then, in their old turns.
   */
  restore(_state: DeviceState): void {}

  /**
   * Takes effect on the machine. What it does through the machine's `map`, `at`, `after` and `plug` is undone when it throws
   * and on unplug; for anything else there is {@link onRelease}.
   */
  protected onPlug(_machine: Machine): void {}

  /**
   * Says whether it may be unplugged now; only `Machine.requestUnplug` asks. What answers `wait` is ejected, or refuses, later:
   * `Machine.unplug` and `Machine.refuseUnplug`. Asked again while a wish waits, it may answer anew.
   */
  onUnplugRequest(): UnplugAnswer {
    return 'eject'
  }

  /** As {@link onUnplugRequest}, for a device behind this one that would go: for bridges whose guest ejects what is below. */
  onUnplugRequestBelow(_device: Device): UnplugAnswer {
    return 'eject'
  }

  /** Ends its effect on the machine, with all of its mappings still there. It has no choice: an error does not stop it. */
  protected onUnplug(): void {}

  /**
   * Makes an event of this device, which a saved machine finds again by `key`. It waits no more when the device leaves, and one that
   * was made while the device was plugged is dropped then.
   *
   * @throws HostbridgeError `machine.event-taken`, `machine.event-key`.
   */
  protected event(key: string, action: (event: SimEvent) => void, options?: SimEventOptions): SimEvent {
    checkKey(key)
    return this.#events.make(key, action, options)
  }

  /** Takes in an event that somebody else has made, such as a timer's; else as {@link event}. */
  protected ownEvent(key: string, event: SimEvent): void {
    checkKey(key)
    this.#events.add(key, event)
  }

  /** Forgets an event, which no longer waits then. */
  protected dropEvent(key: string): void {
    this.#events.drop(key)
  }

  /** Owns an event that was scheduled on the machine while `onPlug` runs; only a machine does this. */
  ownPlugEvent(event: SimEvent): void {
    this.#plugEvents.add(numberedKey(this.#plugEvents.size, event), event)
  }

  /** Makes a line that leads out of this device. @throws HostbridgeError `machine.line-taken`. */
  protected interruptLine(name: string): InterruptLine {
    if (this.#interrupts.has(name)) {
      throw new HostbridgeError(
        'machine.line-taken',
        `'${this.name}' cannot have a second interrupt line '${name}': use the one it has, or another name`,
        { device: this.name, line: name },
      )
    }
    const line = new InterruptLine(name)
    this.#interrupts.set(name, line)
    return line
  }

  /** Runs `undo` when the device leaves its machine, or right away when its plug throws; the last one given runs first. */
  onRelease(undo: () => void): void {
    this.#releases.push(undo)
  }

  /** Puts the device in its place; only a machine does this. */
  attach(place: DevicePlace): void {
    this.#place = place
    this.#lasting = new Set(Array.from(this.#events, ([key]) => key))
    try {
      this.onPlug(place.machine)
      // What onPlug plugs and unplugs may have taken the place.
      checkPlace(place, this)
    } catch (error) {
      try {
        this.#leave([])
      } catch {
        // Why the plug failed is what the composer needs.
      }
      throw error
    }
    if (place.parent !== undefined) place.parent.#children.push(this)
  }

  /** Takes the device off its parent's list, before all else, so that it leaves once; only a machine does this. */
  withdraw(): void {
    const { parent } = this
    if (parent !== undefined) parent.#children.splice(parent.#children.indexOf(this), 1)
  }

  /** Puts its children into an order; only a machine does this. */
  arrange(order: (a: Device, b: Device) => number): void {
    this.#children.sort(order)
  }

  /** Takes the device out of its place; only a machine does this. Throws the first error met, when everything is done. */
  detach(): void {
    this.#leave([() => this.onUnplug()])
  }

  #leave(first: (() => void)[]): void {
    const releases = this.#releases.reverse()
    this.#releases = []
    const lowered = Array.from(this.#interrupts.values(), (line) => () => line.lower())
    try {
      runAll([...first, ...releases, ...lowered])
    } finally {
      this.#events.cancelAll()
      for (const [key] of [...this.#events]) if (!this.#lasting.has(key)) this.#events.drop(key)
      this.#plugEvents.dropAll()
      this.#place = undefined
    }
  }
}
