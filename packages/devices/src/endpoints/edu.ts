import { HostbridgeError } from '@hostbridge/core'
import { hex } from '@hostbridge/core/address'
import type { DeviceState } from '@hostbridge/core/machine'
import { type Endianness, mmio } from '@hostbridge/core/memory'
import { EventPriority, ms, type SimEvent, tickOf, us } from '@hostbridge/core/time'
import { PciDevice } from '../pci/index.ts'
import { factorial32 } from './edu-factorial.ts'
import {
  EDU_BAR_SIZE,
  EDU_BUFFER,
  EDU_DMA_BITS,
  EDU_IDENTIFICATION,
  EDU_IDENTITY,
  Edu,
  EduDma,
  EduInterrupt,
  EduStatus,
} from './spec/edu.ts'

export interface EduOptions {
  /** For messages; `edu` unless told. */
  readonly name?: string
  /** The order of the bytes of its registers, which is the machine's: big-endian on pseries. Little unless told. */
  readonly endianness?: Endianness
  /** Address bits of a transfer, 1 to 64; 28 unless told. What a guest gives beyond them is cut off. */
  readonly dmaBits?: number
  /** Ticks that a transfer takes; 100 ms unless told. */
  readonly dmaLatency?: bigint
  /** Ticks that a factorial takes; 1 µs unless told. */
  readonly factorialLatency?: bigint
}

/** What a read of no register answers. */
const NO_REGISTER = 0xffff_ffff_ffff_ffffn

const SECOND_WORD = 0x8000_0000n * 2n

/**
 * The educational device of QEMU (docs/specs/edu.rst): it computes factorials, raises interrupts, and copies between guest memory and
 * a page of its own, all in virtual time. What a guest does wrong is a guest error of the machine and changes nothing.
 *
 * Read from top to bottom it is a device as anybody would write one: docs/writing-a-device.md.
 */
export class EduDevice extends PciDevice {
  readonly #dmaMask: bigint
  readonly #dmaLatency: bigint
  readonly #factorialLatency: bigint
  readonly #buffer = new Uint8Array(EDU_BUFFER.size)
  readonly #computed: SimEvent
  readonly #transferred: SimEvent
  #liveness = 0
  #factorial = 0
  #status = 0
  #interruptStatus = 0
  #source = 0n
  #destination = 0n
  #count = 0n
  #command = 0n

  /** @throws HostbridgeError `endpoints.edu` for address bits and latencies that no device has. */
  constructor(options: EduOptions = {}) {
    const name = options.name ?? 'edu'
    super(name, EDU_IDENTITY)
    const { dmaBits = EDU_DMA_BITS, dmaLatency = 100n * ms, factorialLatency = us, endianness = 'little' } = options
    checkOptions(name, dmaBits, dmaLatency, factorialLatency)
    this.#dmaMask = 2n ** BigInt(dmaBits) - 1n
    this.#dmaLatency = dmaLatency
    this.#factorialLatency = factorialLatency
    this.#computed = this.event('factorial', () => this.#finishFactorial(), { name: `${name} factorial` })
    this.#transferred = this.event('dma', () => this.#transfer(), {
      name: `${name} dma`,
      priority: EventPriority.completion,
    })
    this.useMsi()
    const region = mmio(`${name} registers`, EDU_BAR_SIZE, {
      endianness,
      valid: { min: 4, max: 8 },
      impl: { min: 4, max: 8 },
      read: (offset) => Number(this.#read(offset, 4) & 0xffff_ffffn),
      write: (offset, value) => this.#write(offset, BigInt(value), 4),
      read64: (offset) => this.#read(offset, 8),
      write64: (offset, value) => this.#write(offset, value, 8),
    })
    this.bars.add(0, { kind: 'memory32', region })
  }

  override resetEnter(): void {
    for (const event of [this.#computed, this.#transferred]) event.queue?.deschedule(event)
    this.#liveness = 0
    this.#factorial = 0
    this.#status = 0
    this.#interruptStatus = 0
    this.#source = 0n
    this.#destination = 0n
    this.#count = 0n
    this.#command = 0n
  }

  /** Whoever plugs it next finds its registers as after a reset; the buffer keeps its bytes. */
  protected override onUnplug(): void {
    this.resetEnter()
  }

  override save(): DeviceState {
    return {
      ...super.save(),
      buffer: this.#buffer.slice(),
      liveness: this.#liveness,
      factorial: this.#factorial,
      status: this.#status,
      interruptStatus: this.#interruptStatus,
      dma: [this.#source, this.#destination, this.#count, this.#command],
    }
  }

  override restore(state: DeviceState): void {
    super.restore(state)
    this.#buffer.set(state.buffer as Uint8Array)
    this.#liveness = state.liveness as number
    this.#factorial = state.factorial as number
    this.#status = state.status as number
    this.#interruptStatus = state.interruptStatus as number
    ;[this.#source, this.#destination, this.#count, this.#command] = state.dma as [bigint, bigint, bigint, bigint]
  }

  #read(offset: number, size: number): bigint {
    if (offset < Edu.dmaSource && size !== 4) return NO_REGISTER
    switch (offset) {
      case Edu.identification:
        return BigInt(EDU_IDENTIFICATION)
      case Edu.liveness:
        return BigInt(this.#liveness)
      case Edu.factorial:
        return BigInt(this.#factorial)
      case Edu.status:
        return BigInt(this.#status)
      case Edu.interruptStatus:
        return BigInt(this.#interruptStatus)
      case Edu.dmaSource:
        return this.#source
      case Edu.dmaDestination:
        return this.#destination
      case Edu.dmaCount:
        return this.#count
      case Edu.dmaCommand:
        return this.#command
      default:
        return NO_REGISTER
    }
  }

  #write(offset: number, value: bigint, size: number): void {
    if (offset >= Edu.dmaSource) this.#writeDma(offset, value)
    else if (size === 4) this.#writeRegister(offset, Number(value % SECOND_WORD))
  }

  #writeRegister(offset: number, value: number): void {
    switch (offset) {
      case Edu.liveness:
        this.#liveness = ~value >>> 0
        break
      case Edu.factorial:
        this.#startFactorial(value)
        break
      case Edu.status:
        this.#status = (this.#status & EduStatus.computing) | (value & EduStatus.interruptWhenDone)
        break
      case Edu.raise:
        this.#raise(value)
        break
      case Edu.acknowledge:
        this.#interruptStatus = (this.#interruptStatus & ~value) >>> 0
        if (this.#interruptStatus === 0 && this.msi?.enabled === false) this.intx?.set(false)
        break
    }
  }

  /** Nothing of a transfer can be changed while it runs. */
  #writeDma(offset: number, value: bigint): void {
    if ((this.#command & BigInt(EduDma.run)) !== 0n) return
    switch (offset) {
      case Edu.dmaSource:
        this.#source = value
        break
      case Edu.dmaDestination:
        this.#destination = value
        break
      case Edu.dmaCount:
        this.#count = value
        break
      case Edu.dmaCommand:
        if ((value & BigInt(EduDma.run)) === 0n) break
        this.#command = value
        this.timeline?.queue.schedule(this.#transferred, tickOf(this.timeline.now + this.#dmaLatency))
        break
    }
  }

  #startFactorial(of: number): void {
    if ((this.#status & EduStatus.computing) !== 0) return
    this.#factorial = of
    this.#status |= EduStatus.computing
    this.timeline?.queue.schedule(this.#computed, tickOf(this.timeline.now + this.#factorialLatency))
  }

  #finishFactorial(): void {
    this.#factorial = factorial32(this.#factorial)
    this.#status &= ~EduStatus.computing
    if ((this.#status & EduStatus.interruptWhenDone) !== 0) this.#raise(EduInterrupt.factorial)
  }

  #raise(bits: number): void {
    this.#interruptStatus = (this.#interruptStatus | bits) >>> 0
    if (this.#interruptStatus === 0) return
    if (this.msi?.enabled === true) this.msi.signal(0)
    else this.intx?.set(true)
  }

  /** Copies between guest memory and the buffer; what would lie outside the buffer is a mistake of the guest, and nothing moves. */
  #transfer(): void {
    const fromDevice = (this.#command & BigInt(EduDma.fromDevice)) !== 0n
    const inside = (fromDevice ? this.#source : this.#destination) - EDU_BUFFER.start
    const size = BigInt(EDU_BUFFER.size)
    if (inside < 0n || this.#count > size - inside) {
      const [count, place] = [hex(this.#count), hex(inside + EDU_BUFFER.start)]
      this.#mistake(
        'edu.dma-range',
        `a transfer of ${count} bytes at ${place} does not lie in the buffer of '${this.name}'`,
      )
    } else {
      const bytes = this.#buffer.subarray(Number(inside), Number(inside + this.#count))
      const bus = this.#masked(fromDevice ? this.#destination : this.#source)
      if (fromDevice) this.dmaWrite(bus, bytes)
      else this.dmaRead(bus, bytes)
    }
    this.#command &= ~BigInt(EduDma.run)
    if ((this.#command & BigInt(EduDma.interrupt)) !== 0n) this.#raise(EduInterrupt.dma)
  }

  #masked(address: bigint): bigint {
    const masked = address & this.#dmaMask
    if (masked !== address) {
      this.#mistake(
        'edu.dma-mask',
        `'${this.name}' cuts address ${hex(address)} of a transfer to ${hex(masked)}: set its DMA mask`,
      )
    }
    return masked
  }

  #mistake(code: string, message: string): void {
    this.timeline?.guestError({ code, message, device: this })
  }
}

function checkOptions(name: string, dmaBits: number, ...latencies: bigint[]): void {
  const latency = latencies.find((ticks) => ticks < 0n)
  if (Number.isInteger(dmaBits) && dmaBits >= 1 && dmaBits <= 64 && latency === undefined) return
  throw new HostbridgeError(
    'endpoints.edu',
    latency === undefined
      ? `'${name}' cannot have ${dmaBits} bits of DMA address: give it 1 to 64`
      : `'${name}' cannot be done ${-latency} ticks before it starts: give a latency of 0 or more`,
    { device: name, dmaBits, ...(latency !== undefined && { latency }) },
  )
}
