import { HostbridgeError } from '@hostbridge/core'
import { hex } from '@hostbridge/core/address'
import type { DeviceState, InterruptLine, Machine } from '@hostbridge/core/machine'
import { MemTx, type MemTxResult } from '@hostbridge/core/memory'
import { EventPriority, type SimEvent, tickOf, us } from '@hostbridge/core/time'
import { PciDevice } from '../pci/index.ts'
import type { Transfer, TransferRequest, TransferStatus } from './transfer.ts'

/** Base class 8, sub class 1: a DMA controller (PCI Code and ID Assignment 1.11, section 1.9). */
const DMA_CONTROLLER = 0x08_0100

export interface DmaEngineOptions {
  /** For messages; `dma-engine` unless told. */
  readonly name?: string
  /** Ticks from a transfer's start to its completion, unless the transfer says; 1 µs. */
  readonly latency?: bigint
}

/** What a read found: bytes that could not be read are 0. */
export interface ReadResult {
  readonly result: MemTxResult
  readonly bytes: Uint8Array
}

interface Pending extends Transfer {
  /** Counts transfers; names the completion. */
  readonly number: number
  status: TransferStatus
  readonly completion: SimEvent
}

type SavedTransfer = Omit<Pending, 'status' | 'completion'>

/**
 * A function that moves bytes between itself and guest memory, and does nothing else.
 *
 * The same class sits on a guest's bus and, to be passed through, on a host's: which translation its DMA meets is the bus's
 * matter. Bytes move when a transfer starts; its status and interrupt follow when it is due. It has no driver, so it comes up as
 * a bus master.
 */
export class DmaEngine extends PciDevice {
  readonly latency: bigint
  /** Rises when a transfer completes; {@link acknowledge} lowers it. */
  readonly irq: InterruptLine
  readonly #pending = new Set<Pending>()
  #completed = 0
  #started = 0

  constructor(options: DmaEngineOptions = {}) {
    super(options.name ?? 'dma-engine', { classCode: DMA_CONTROLLER, busMaster: true })
    this.latency = options.latency ?? us
    this.irq = this.interruptLine('irq')
  }

  /** Transfers that are under way, in the order of their start. */
  get pending(): readonly Transfer[] {
    return [...this.#pending]
  }

  /** Transfers that have completed since the last reset, the failed ones among them. */
  get completed(): number {
    return this.#completed
  }

  /** Reads at once. @throws HostbridgeError `pci.not-plugged`. */
  read(iova: bigint, length: number): ReadResult {
    const bytes = new Uint8Array(length)
    return { result: this.dmaRead(iova, bytes), bytes }
  }

  /** Writes at once. @throws HostbridgeError `pci.not-plugged`. */
  write(iova: bigint, bytes: Uint8Array): MemTxResult {
    return this.dmaWrite(iova, bytes)
  }

  /**
   * Starts a transfer that completes in virtual time. A reset and an unplug cancel it: its bytes have moved, its completion does
   * not come.
   *
   * @throws HostbridgeError `pci.not-plugged`, `endpoints.latency` for a negative one, or `endpoints.no-time` for a card that
   *   no machine uses; no byte has moved then.
   */
  start(request: TransferRequest): Transfer {
    const machine = this.#machine()
    const { direction, iova, bytes, latency = this.latency } = request
    if (latency < 0n) {
      const message = `'${this.name}' cannot complete a transfer ${-latency} ticks before it starts: give a latency of 0 or more`
      throw new HostbridgeError('endpoints.latency', message, { device: this.name, latency })
    }
    const due = machine.now + latency
    const result = direction === 'read' ? this.dmaRead(iova, bytes) : this.dmaWrite(iova, bytes)
    const number = this.#started++
    const transfer = this.#expect({ number, direction, iova, bytes, started: machine.now, due, result })
    machine.queue.schedule(transfer.completion, tickOf(due))
    machine.trace?.add({
      time: machine.queue.now,
      category: 'dma',
      device: this.path,
      name: 'start',
      flow: { id: `${this.path} ${number}`, end: 'start' },
    })
    return transfer
  }

  /** Lowers the interrupt, as a driver does that has seen the completion. */
  acknowledge(): void {
    this.irq.lower()
  }

  override resetEnter(): void {
    this.#cancelAll()
    this.#started = 0
    this.#completed = 0
  }

  override save(): DeviceState {
    const pending = Array.from(this.#pending, ({ number, direction, iova, bytes, started, due, result }) => {
      return { number, direction, iova, bytes: bytes.slice(), started, due, result }
    })
    return { ...super.save(), started: this.#started, completed: this.#completed, pending }
  }

  override restore(state: DeviceState): void {
    super.restore(state)
    this.#cancelAll()
    this.#started = state.started as number
    this.#completed = state.completed as number
    for (const transfer of state.pending as readonly SavedTransfer[]) {
      this.#expect({ ...transfer, bytes: transfer.bytes.slice() })
    }
  }

  protected override onUnplug(): void {
    this.#cancelAll()
  }

  /** Makes what completes a transfer; whoever calls this, or a restored machine, schedules it. */
  #expect(transfer: SavedTransfer): Pending {
    const completion = this.event(completionOf(transfer), () => this.#complete(pending), {
      name: `${this.name} completion`,
      priority: EventPriority.completion,
    })
    const pending: Pending = { ...transfer, status: 'pending', completion }
    this.#pending.add(pending)
    return pending
  }

  #complete(transfer: Pending): void {
    this.#pending.delete(transfer)
    this.dropEvent(completionOf(transfer))
    transfer.status = transfer.result === MemTx.ok ? 'done' : 'failed'
    this.#completed++
    this.#trace(transfer)
    this.irq.raise()
  }

  #trace({ number, direction, iova, bytes, started, status }: Pending): void {
    const machine = this.timeline
    if (machine?.trace === undefined) return
    const [time, device, category] = [machine.queue.now, this.path, 'dma'] as const
    const facts = { iova: hex(iova), bytes: bytes.length, status }
    const duration = time - Number(started)
    machine.trace.add({ time: Number(started), category, device, name: `transfer ${direction}`, duration, facts })
    machine.trace.add({
      time,
      category,
      device,
      name: 'complete',
      flow: { id: `${this.path} ${number}`, end: 'finish' },
    })
  }

  #cancelAll(): void {
    for (const transfer of this.#pending) {
      this.dropEvent(completionOf(transfer))
      transfer.status = 'cancelled'
    }
    this.#pending.clear()
  }

  #machine(): Machine {
    if (this.timeline !== undefined) return this.timeline
    const message = `'${this.name}' cannot start a transfer that takes time: it is in no machine, nor passed to one`
    throw new HostbridgeError('endpoints.no-time', message, { device: this.name })
  }
}

function completionOf({ number }: Pick<Pending, 'number'>): string {
  return `completion ${number}`
}
