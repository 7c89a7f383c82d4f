import { EventEmitter } from 'eventemitter3'
import type { AddressSpace } from '../memory/address-space.ts'
import { ContainerRegion } from '../memory/container-region.ts'
import type { AddOptions, MemoryRegion } from '../memory/memory-region.ts'
import { MemorySystem } from '../memory/memory-system.ts'
import { formatTree } from '../memory/mtree/tree-text.ts'
import { formatFlatViews } from '../memory/mtree/view-text.ts'
import { SimEvent, type SimEventOptions } from '../time/event.ts'
import { EventQueue } from '../time/event-queue.ts'
import { Fingerprint } from '../time/fingerprint.ts'
import { tickOf } from '../time/tick.ts'
import type { Trace } from '../trace/trace.ts'
import { BoundedLog } from './bounded-log.ts'
import { ComposedEvents } from './composed-events.ts'
import { checkLoose, checkPlace, checkPlaceInMemory, checkPlugged } from './composition-errors.ts'
import type { Device } from './device.ts'
import { devicesBelow } from './device-tree.ts'
import type { GuestError, MachineEvents } from './machine-events.ts'
import type { MachineOptions, PlugOptions } from './machine-options.ts'
import { type MachineParts, type MachineState, restoreMachine, saveMachine } from './machine-state.ts'
import { resetDevices } from './reset.ts'
import { runAll } from './run-all.ts'
import { RunLoop, type RunOptions, type RunResult } from './run-loop.ts'
import type { EventOwner } from './saved-events.ts'
import { type UnplugRequest, UnplugRequests } from './unplug-requests.ts'
import type { WaitList } from './wait-list.ts'

/** A system memory, devices, and the virtual time they live in. One thread owns it. */
export class Machine {
  readonly name: string
  readonly memory: MemorySystem
  /** All of system memory: 2^64 bytes. */
  readonly root: ContainerRegion
  /** System memory as CPUs, and devices without an IOMMU, see it. */
  readonly space: AddressSpace
  readonly events: EventEmitter<MachineEvents> = new EventEmitter<MachineEvents>()
  /** The hash of all events that have happened. */
  readonly fingerprint: Fingerprint = new Fingerprint()
  readonly queue: EventQueue
  /** Takes down what happens, while there is one; see `traceMachine`. */
  trace: Trace | undefined = undefined
  /** The last mistakes of the guest. */
  readonly guestErrors: BoundedLog<GuestError> = new BoundedLog<GuestError>()
  readonly #devices: Device[] = []
  /** The device whose `onPlug` is running: what is done to the machine meanwhile is undone with it. */
  #plugging: Device | undefined
  readonly #loop: RunLoop
  readonly #unplugRequests: UnplugRequests = new UnplugRequests(this)
  readonly #composed: ComposedEvents

  /** @throws HostbridgeError `time.limit` for a limit of events at one instant below 1. */
  constructor(name: string, options: MachineOptions = {}) {
    this.name = name
    this.queue = new EventQueue({ ...options, fingerprint: this.fingerprint })
    this.memory = new MemorySystem(name)
    this.root = new ContainerRegion('system')
    this.space = this.memory.createSpace('memory', this.root)
    this.#composed = new ComposedEvents(name)
    this.#loop = new RunLoop(`machine '${name}'`, this.queue)
  }

  /** Who waits for whom: a run that cannot go on tells it. */
  get waits(): WaitList {
    return this.#loop.waits
  }

  /** Virtual time in ticks of 1 ns. */
  get now(): bigint {
    return BigInt(this.queue.now)
  }

  /** Whether an event is happening. */
  get running(): boolean {
    return this.#loop.running
  }

  /** The devices that are plugged into the machine itself, in the order of plugging. */
  get topDevices(): readonly Device[] {
    return this.#devices
  }

  /** All devices, each before its children. */
  devices(): Generator<Device, void, undefined> {
    return devicesBelow(this.#devices)
  }

  /**
   * Puts a region into system memory and returns it; a region that a device maps on its plug belongs to it (SP-7).
   *
   * @throws HostbridgeError `machine.overlap` with one of the same priority, `address.range` past the end of the space.
   * @throws MappingRefusedError where a listener cannot take it; it is not mapped then.
   */
  map<R extends MemoryRegion>(address: bigint, region: R, options: AddOptions = {}): R {
    checkPlaceInMemory(this, address, region, options.priority ?? 0)
    const { container: before } = region
    const takeOut = (): void => {
      if (before === undefined && region.container === this.root) this.root.remove(region)
    }
    try {
      this.root.add(region, address, options)
    } catch (error) {
      takeOut()
      throw error
    }
    this.#plugging?.onRelease(takeOut)
    if (this.#plugging !== undefined && region.owner === undefined) region.ownedBy(this.#plugging)
    return region
  }

  /** Takes a region out of system memory. @throws HostbridgeError `memory.not-a-child`. */
  unmap(region: MemoryRegion): void {
    this.root.remove(region)
  }

  /**
   * Plugs a device and returns it. When its `onPlug` throws, the error passes through and the machine is as it was.
   *
   * @throws HostbridgeError `machine.already-plugged`, `machine.foreign-parent`, `machine.place-taken`, `machine.place-name`.
   */
  plug<D extends Device>(device: D, options: PlugOptions = {}): D {
    const { parent, at = device.name } = options
    const place = { machine: this, parent, at }
    checkLoose(this, device)
    checkPlace(place, device)
    const outer = this.#plugging
    this.#plugging = device
    try {
      device.attach(place)
    } finally {
      this.#plugging = outer
    }
    if (parent === undefined) this.#devices.push(device)
    outer?.onRelease(() => {
      if (device.place === place) this.unplug(device)
    })
    this.events.emit('plugged', device)
    return device
  }

  /**
   * Wishes that a device leaves. It, or the bridge that it sits behind, lets it go at once, refuses, or leaves that to its
   * guest, who then ejects it with {@link unplug} or calls {@link refuseUnplug}. Wishing again reminds them.
   *
   * @throws HostbridgeError `machine.not-plugged`.
   */
  requestUnplug(device: Device): UnplugRequest {
    checkPlugged(this, device)
    return this.#unplugRequests.ask(device)
  }

  /** Settles a wish: the device stays. @throws HostbridgeError `machine.no-unplug-request`. */
  refuseUnplug(device: Device, reason: string): void {
    this.#unplugRequests.refuse(device, reason)
  }

  /** Wishes that wait for their guests, the oldest first. */
  get unplugRequests(): readonly UnplugRequest[] {
    return this.#unplugRequests.waiting
  }

  /**
   * Unplugs a device, after all that is plugged below it, the newest first. Nobody is asked: a guest that was not finds the
   * device removed by surprise.
   *
   * @throws HostbridgeError `machine.not-plugged`. The first error of an `onUnplug` is thrown when all of them are gone.
   */
  unplug(device: Device): void {
    checkPlugged(this, device)
    const { path } = device
    if (device.parent === undefined) this.#devices.splice(this.#devices.indexOf(device), 1)
    else device.withdraw()
    runAll(this.#leaving(device, path))
  }

  /** Lets go what waits for its guest to eject it, then resets all devices; see {@link resetDevices} for the order. */
  reset(): void {
    runAll([() => this.#unplugRequests.ejectAll(), () => resetDevices(this.#devices)])
    this.events.emit('reset', this)
  }

  /** Lets `action` happen at a time, in ticks. @throws HostbridgeError `time.past`, `time.tick`. */
  at(time: bigint, action: (event: SimEvent) => void, options?: SimEventOptions): SimEvent {
    const event = new SimEvent(action, options)
    this.queue.schedule(event, tickOf(time))
    if (this.#plugging === undefined) this.#composed.note(event)
    else this.#plugging.ownPlugEvent(event)
    return event
  }

  /** Lets `action` happen `delay` ticks from now. */
  after(delay: bigint, action: (event: SimEvent) => void, options?: SimEventOptions): SimEvent {
    return this.at(this.now + delay, action, options)
  }

  /**
   * Makes an event that a saved machine finds again by `key`, also where it is scheduled while the machine runs; schedule it
   * in {@link queue}. One that a device makes on its plug is dropped when it leaves.
   *
   * @throws HostbridgeError `machine.event-taken`, `machine.event-key`.
   */
  event(key: string, action: (event: SimEvent) => void, options?: SimEventOptions): SimEvent {
    const event = this.#composed.make(key, action, options)
    this.#plugging?.onRelease(() => this.#composed.drop(key))
    return event
  }

  /**
   * Lets events happen in their order until a time is reached, nothing waits, or somebody stops it.
   * An error of an event's action passes through; the machine can be run on. An end of dirty tracking that is asked for between
   * two runs comes with the next one (DL-10).
   *
   * @throws HostbridgeError `time.past`, `time.tick`, `machine.events`, `time.livelock`, or `machine.running` from inside an event.
   */
  run(options: RunOptions = {}): RunResult {
    this.#loop.checkIdle('run')
    this.#composed.end()
    const { tracking } = this.memory.dirtyLog
    tracking.setRunning(true)
    try {
      return this.#loop.run({
        ...options,
        onProgress: (events, now) => {
          this.events.emit('progress', events, BigInt(now))
          options.onProgress?.(events, now)
        },
      })
    } finally {
      tracking.setRunning(false)
    }
  }

  /** Ends the run when the event that is happening has happened; without effect while the machine does not run. */
  stop(cause: string): void {
    this.#loop.stop(cause)
  }

  /** Why somebody has stopped it since its last run began: for who runs its events himself. */
  get stopCause(): string | undefined {
    return this.#loop.stopCause
  }

  /** Records a mistake of the guest and tells the listeners. */
  guestError(mistake: Omit<GuestError, 'time'>): GuestError {
    const error: GuestError = { ...mistake, time: this.now }
    this.guestErrors.record(error)
    this.events.emit('guest-error', error)
    return error
  }

  /**
   * Time, waiting events and devices as data that `structuredClone` takes; see {@link MachineState}. Not from inside an event.
   *
   * @throws HostbridgeError as {@link saveMachine}.
   */
  save(): MachineState {
    this.#loop.checkIdle('be saved')
    return saveMachine(this, this.#parts)
  }

  /** Brings the machine to a saved time and state; see {@link restoreMachine}. Not from inside an event. */
  restore(state: MachineState): void {
    this.#loop.checkIdle('be restored')
    restoreMachine(this, state, this.#parts)
    // What is scheduled behind the beginning is no part of composing it.
    if (state.now > 0n || state.fingerprint.events > 0) this.#composed.end()
  }

  /** The tree of memory regions and the flat view of every address space, as text. */
  mtree(): string {
    return [formatTree(this.memory), formatFlatViews(this.memory)].join('\n').trimEnd()
  }

  get #parts(): MachineParts {
    const composer: EventOwner = { path: '', forEachEvent: (visit) => this.#composed.forEachEvent(visit) }
    return {
      eventOwners: [composer, ...this.devices()],
      unplugRequests: this.#unplugRequests,
      arrange: (order) => {
        this.#devices.sort(order)
        for (const device of this.devices()) device.arrange(order)
      },
    }
  }

  /** The steps of an unplug, each found when it is its turn: what leaves may take others with it. */
  *#leaving(device: Device, path: string): Generator<() => void, void, undefined> {
    for (let child = device.children.at(-1); child !== undefined; child = device.children.at(-1)) {
      const newest = child
      yield () => this.unplug(newest)
    }
    yield () => device.detach()
    yield () => this.#unplugRequests.gone(device)
    yield () => this.events.emit('unplugged', device, path)
  }
}
