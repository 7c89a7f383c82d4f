import type { DeviceState } from '@hostbridge/core/machine'
import { type MemoryRegion, mmio } from '@hostbridge/core/memory'
import { EventPriority, type SimEvent } from '@hostbridge/core/time'
import { PciDevice } from '../../pci/index.ts'
import { AsyncEvents, type SavedAsyncEvents } from './async-events.ts'
import { CommandEngine, type EngineStep, type SavedEngine } from './command-engine.ts'
import { checkNvmeOptions, type NvmeOptions } from './controller-options.ts'
import { DmaPort } from './dma-port.ts'
import { Features, type SavedFeatures } from './features.ts'
import { IoCommands } from './io-commands.ts'
import { LogPages, type SavedLogs } from './log-pages.ts'
import { NvmeNamespace } from './namespace.ts'
import { PrpList } from './prp-list.ts'
import { QueueSet } from './queue-set.ts'
import type { CompletionQueue } from './queues.ts'
import { NvmeRegisters, type SavedRegisters } from './registers.ts'
import { NVME_IDENTITY } from './spec/identity.ts'
import { NvmeRegister, NvmeStatusRegister } from './spec/registers.ts'

/** What a controller is saved as, besides its function. */
interface SavedController {
  readonly registers: SavedRegisters
  readonly engine: SavedEngine
  readonly features: SavedFeatures
  readonly events: SavedAsyncEvents
  readonly logs: SavedLogs
  readonly backings: readonly unknown[]
}

const PAGE = 4096

/**
 * An NVM Express controller (NVM Express 1.3d) whose namespaces lie in memory or in files.
 *
 * Commands are fetched and done in events of virtual time, so many at a time: a doorbell costs nothing else. All data go through
 * the function's DMA, and so through whatever IOMMU its bus has. What a guest does wrong is a status, an event, or CSTS.CFS.
 */
export class NvmeController extends PciDevice {
  readonly namespaces: readonly NvmeNamespace[]
  readonly #registers: NvmeRegisters
  readonly #engine: CommandEngine
  readonly #queues: QueueSet
  readonly #features: Features
  readonly #asyncEvents = new AsyncEvents()
  readonly #logs: LogPages
  readonly #io: IoCommands
  readonly #latency: number
  /** log2 of the bytes between two doorbells. */
  readonly #strideShift: number
  readonly #steps: Readonly<Record<EngineStep, SimEvent>>
  readonly #becomesReady: SimEvent
  readonly #shutsDown: SimEvent

  /** @throws HostbridgeError `nvme.option`, `nvme.namespace-size`. */
  constructor(options: NvmeOptions) {
    const name = options.name ?? 'nvme'
    const checked = checkNvmeOptions(name, options)
    super(name, NVME_IDENTITY)
    const { pairs, entries, doorbellStride, maxTransferShift, serial, timing } = checked
    const mostBytes = PAGE << maxTransferShift
    const vectors = pairs + 1
    const dma = new DmaPort(this)
    const prps = new PrpList(dma, mostBytes)
    this.namespaces = options.namespaces.map((namespace, index) => new NvmeNamespace(name, index + 1, namespace))
    this.#latency = timing.latency
    this.#strideShift = 2 + doorbellStride
    this.#logs = new LogPages(NVME_IDENTITY.firmware)
    this.#features = new Features(pairs, vectors)
    this.#queues = new QueueSet({ pairs, entries, vectors })
    const [queues, features, events, logs, namespaces] = [
      this.#queues,
      this.#features,
      this.#asyncEvents,
      this.#logs,
      this.namespaces,
    ]
    const { vendor, subsystemVendor, model, firmware } = NVME_IDENTITY
    const identity = {
      vendor,
      subsystemVendor,
      model,
      firmware,
      serial,
      maxTransferShift,
      entries,
      namespaces: namespaces.length,
    }
    this.#io = new IoCommands(namespaces, { dma, prps, logs }, mostBytes)
    const configuration = (): number => this.#registers.configuration
    const parts = { identity, namespaces, queues, prps, logs, features, events, mostBytes, configuration }
    this.#engine = new CommandEngine(parts, this.#io, dma, timing, {
      wake: (step, at) => this.#wake(this.#steps[step], at),
      now: () => this.#now,
      interrupt: (queue, posted) => this.#interrupt(queue, posted),
      fatal: () => {
        this.#registers.status |= NvmeStatusRegister.fatal
      },
    })
    this.#registers = new NvmeRegisters(
      { entries, stride: doorbellStride },
      {
        enable: () => this.#wake(this.#becomesReady, this.#now + this.#latency),
        disable: () => this.#disable(),
        shutdown: () => this.#shutDown(),
        masked: () => this.#drivePin(),
      },
    )
    const step = (key: EngineStep, action: () => void): SimEvent => {
      return this.event(key, action, { name: `${name} ${key}`, priority: EventPriority.completion })
    }
    this.#steps = {
      fetch: step('fetch', () => this.#engine.fetch()),
      admin: step('admin', () => this.#engine.completeAdmin()),
      io: step('io', () => this.#engine.completeIo()),
    }
    this.#becomesReady = this.event('ready', () => this.#becomeReady(), { name: `${name} ready` })
    this.#shutsDown = this.event('shutdown', () => this.#finishShutdown(), { name: `${name} shutdown` })
    this.usePowerManagement()
    this.bars.add(0, { kind: 'memory64', region: this.#registerRegion(pairs, vectors) })
  }

  override resetEnter(): void {
    this.#stopAll()
    this.#registers.reset()
  }

  override save(): DeviceState {
    const nvme: SavedController = {
      registers: this.#registers.save(),
      engine: this.#engine.save(),
      features: this.#features.save(),
      events: this.#asyncEvents.save(),
      logs: this.#logs.save(),
      backings: this.namespaces.map(({ backing }) => backing.save?.()),
    }
    return { ...super.save(), nvme }
  }

  override restore(state: DeviceState): void {
    super.restore(state)
    const saved = state.nvme as SavedController
    this.#registers.restore(saved.registers)
    this.#engine.restore(saved.engine)
    if (saved.engine.running) this.#engine.start(this.#registers.pageShift)
    this.#features.restore(saved.features)
    this.#asyncEvents.restore(saved.events)
    this.#logs.restore(saved.logs)
    for (const [index, { backing }] of this.namespaces.entries()) {
      if (saved.backings[index] !== undefined) backing.restore?.(saved.backings[index])
    }
  }

  protected override onUnplug(): void {
    this.resetEnter()
  }

  get #now(): number {
    return this.timeline?.queue.now ?? 0
  }

  /** Lets an event happen at a tick, or earlier if it is to; a card that no machine uses does nothing. */
  #wake(event: SimEvent, at: number): void {
    const queue = this.timeline?.queue
    if (queue === undefined || (event.scheduled && event.time <= at)) return
    queue.reschedule(event, at)
  }

  #registerRegion(pairs: number, vectors: number): MemoryRegion {
    const doorbells = 2 * (pairs + 1)
    const tableOffset = NvmeRegister.doorbells + roundUp(doorbells * 2 ** this.#strideShift)
    const pendingOffset = tableOffset + roundUp(vectors * 16)
    const size = 2 ** Math.ceil(Math.log2(pendingOffset + PAGE))
    const region = mmio(`${this.name} registers`, BigInt(size), {
      valid: { min: 4, max: 8 },
      impl: { min: 4, max: 4 },
      read: (offset) => this.#registers.read(offset),
      write: (offset, value) => {
        if (offset < NvmeRegister.doorbells) this.#registers.write(offset, value)
        else this.#ring(offset - NvmeRegister.doorbells, value)
      },
    })
    this.useMsix({ vectors, within: region, bar: 0, tableOffset, pendingOffset })
    return region
  }

  /** A doorbell that is none is an error of its own; before the controller is ready there are none at all. */
  #ring(offset: number, value: number): void {
    if (!this.#registers.ready) return
    const index = offset / 2 ** this.#strideShift
    this.#engine.ring(Number.isInteger(index) ? index : Number.MAX_SAFE_INTEGER, value & 0xffff)
  }

  /** Section 7.6.1: CSTS.RDY, or CSTS.CFS where the controller cannot work as it is set up. */
  #becomeReady(): void {
    const registers = this.#registers
    if (!registers.valid) {
      registers.status |= NvmeStatusRegister.fatal
      return
    }
    this.#queues.createAdmin(registers.attributes, registers.adminSubmissionFrame, registers.adminCompletionFrame)
    this.#engine.start(registers.pageShift)
    registers.status |= NvmeStatusRegister.ready
  }

  /** Section 7.3.2: a reset of the controller, which keeps AQA, ASQ and ACQ. */
  #disable(): void {
    this.#stopAll()
    this.#registers.resetController()
    this.#drivePin()
  }

  #stopAll(): void {
    for (const event of [...Object.values(this.#steps), this.#becomesReady, this.#shutsDown]) {
      event.queue?.deschedule(event)
    }
    this.#engine.reset()
    this.#features.reset()
  }

  /** Section 7.6.2: what is under way completes, then everything written is made last. */
  #shutDown(): void {
    this.#engine.stop()
    this.#registers.status |= NvmeStatusRegister.shutdownRunning
    this.#wake(this.#shutsDown, this.#now + this.#latency)
  }

  #finishShutdown(): void {
    if (this.#engine.busy) {
      this.#wake(this.#shutsDown, this.#now + this.#latency)
      return
    }
    this.#io.flushAll()
    const registers = this.#registers
    registers.status = (registers.status & ~NvmeStatusRegister.shutdown) | NvmeStatusRegister.shutdownComplete
  }

  /** Section 7.5: a message for what was posted, or the level of the pin. */
  #interrupt(queue: CompletionQueue, posted: boolean): void {
    if (this.msix?.enabled === true) {
      if (posted && queue.interrupts) this.msix.signal(queue.vector)
    } else this.#drivePin()
  }

  #drivePin(): void {
    const waits = this.#queues.completion.some((queue) => queue?.interrupts === true && queue.waiting > 0)
    const isMasked = (this.#registers.interruptMask & 1) !== 0
    this.intx?.set(waits && !isMasked && this.msix?.enabled !== true)
  }
}

function roundUp(bytes: number): number {
  return Math.ceil(bytes / PAGE) * PAGE
}
