import { frameOfWords } from './dma-port.ts'
import {
  NVME_LARGEST_MPS,
  NVME_VERSION,
  NvmeCapabilities,
  NvmeConfiguration,
  NvmeRegister,
  NvmeStatusRegister,
} from './spec/registers.ts'

/** What a guest starts by writing a register. */
export interface RegisterEffects {
  enable(): void
  disable(): void
  shutdown(): void
  /** Interrupts have been masked or unmasked. */
  masked(): void
}

/** What the capabilities tell. */
export interface RegisterLimits {
  /** Entries of a queue. */
  readonly entries: number
  /** Doorbells are 4 << stride bytes apart. */
  readonly stride: number
}

/** What a saved controller's registers hold. */
export interface SavedRegisters {
  readonly configuration: number
  readonly status: number
  readonly interruptMask: number
  readonly attributes: number
  readonly admin: readonly number[]
}

/** The bits of an admin queue's address that count in its lower word. */
const QUEUE_ADDRESS = 0xffff_f000
const QUEUE_SIZES = 0x0fff_0fff

/** CAP.TO: half a second is more than enough. */
const TIMEOUT = 1

/** The controller's registers (NVM Express 1.3d, section 3.1) without the doorbells, as words. */
export class NvmeRegisters {
  /** CC and CSTS. */
  configuration = 0
  status = 0
  interruptMask = 0
  /** AQA. */
  attributes = 0
  /** ASQ, then ACQ: lower and upper words. */
  readonly #admin = [0, 0, 0, 0]
  readonly #capabilities: readonly [number, number]
  readonly #effects: RegisterEffects

  constructor({ entries, stride }: RegisterLimits, effects: RegisterEffects) {
    const { contiguousQueues, timeoutShift, strideShift, nvmCommandSet, largestPageShift } = NvmeCapabilities
    this.#capabilities = [
      (entries - 1) | contiguousQueues | (TIMEOUT << timeoutShift),
      (stride << strideShift) | nvmCommandSet | (NVME_LARGEST_MPS << largestPageShift),
    ]
    this.#effects = effects
  }

  get enabled(): boolean {
    return (this.configuration & NvmeConfiguration.enable) !== 0
  }

  get ready(): boolean {
    return (this.status & NvmeStatusRegister.ready) !== 0
  }

  /** log2 of the bytes of a page, as CC.MPS has it. */
  get pageShift(): number {
    return 12 + fieldOf(this.configuration, NvmeConfiguration.pageSize)
  }

  /** The first page frames of the admin queues. */
  get adminSubmissionFrame(): number {
    return frameOfWords(this.#admin[0] as number, this.#admin[1] as number)
  }

  get adminCompletionFrame(): number {
    return frameOfWords(this.#admin[2] as number, this.#admin[3] as number)
  }

  /** Whether the controller can work as the guest has set it up (sections 3.1.5, 3.1.8 to 3.1.10). */
  get valid(): boolean {
    const { configuration, attributes } = this
    const { commandSet, arbitration, pageSize } = NvmeConfiguration
    const frames = 2 ** (this.pageShift - 12)
    return (
      fieldOf(configuration, commandSet) === 0 &&
      fieldOf(configuration, arbitration) === 0 &&
      fieldOf(configuration, pageSize) <= NVME_LARGEST_MPS &&
      (attributes & 0xfff) > 0 &&
      attributes >>> 16 > 0 &&
      this.adminSubmissionFrame % frames === 0 &&
      this.adminCompletionFrame % frames === 0
    )
  }

  /** The word at an offset that is a multiple of 4; 0 where no register is. */
  read(offset: number): number {
    switch (offset) {
      case NvmeRegister.capabilities:
        return this.#capabilities[0]
      case NvmeRegister.capabilities + 4:
        return this.#capabilities[1]
      case NvmeRegister.version:
        return NVME_VERSION
      case NvmeRegister.interruptMaskSet:
      case NvmeRegister.interruptMaskClear:
        return this.interruptMask
      case NvmeRegister.configuration:
        return this.configuration
      case NvmeRegister.status:
        return this.status
      case NvmeRegister.adminQueueAttributes:
        return this.attributes
      default:
        return this.#admin[(offset - NvmeRegister.adminSubmissionQueue) / 4] ?? 0
    }
  }

  /** Writes the word at an offset; the admin queues stay where they are while the controller is enabled. */
  write(offset: number, value: number): void {
    switch (offset) {
      case NvmeRegister.interruptMaskSet:
        this.interruptMask = (this.interruptMask | value) >>> 0
        this.#effects.masked()
        break
      case NvmeRegister.interruptMaskClear:
        this.interruptMask = (this.interruptMask & ~value) >>> 0
        this.#effects.masked()
        break
      case NvmeRegister.configuration:
        this.#configure(value & NvmeConfiguration.writable)
        break
      case NvmeRegister.adminQueueAttributes:
        if (!this.enabled) this.attributes = value & QUEUE_SIZES
        break
      default:
        this.#place((offset - NvmeRegister.adminSubmissionQueue) / 4, value)
    }
  }

  /** What a controller reset brings back: everything but where the admin queues are (section 7.3.2). */
  resetController(): void {
    this.configuration = 0
    this.status = 0
    this.interruptMask = 0
  }

  reset(): void {
    this.resetController()
    this.attributes = 0
    this.#admin.fill(0)
  }

  save(): SavedRegisters {
    const { configuration, status, interruptMask, attributes } = this
    return { configuration, status, interruptMask, attributes, admin: [...this.#admin] }
  }

  restore(saved: SavedRegisters): void {
    this.configuration = saved.configuration
    this.status = saved.status
    this.interruptMask = saved.interruptMask
    this.attributes = saved.attributes
    for (const [index, word] of saved.admin.entries()) this.#admin[index] = word
  }

  #configure(value: number): void {
    const wasEnabled = this.enabled
    const asked = fieldOf(this.configuration, NvmeConfiguration.shutdown)
    this.configuration = value
    if (wasEnabled && !this.enabled) {
      this.#effects.disable()
      // The fields that were written with it are those of the next start.
      this.configuration = value & ~(NvmeConfiguration.shutdown.mask << NvmeConfiguration.shutdown.shift)
      return
    }
    if (!wasEnabled && this.enabled) this.#effects.enable()
    if (asked === 0 && fieldOf(value, NvmeConfiguration.shutdown) !== 0) this.#effects.shutdown()
  }

  #place(index: number, value: number): void {
    if (this.#admin[index] === undefined || this.enabled) return
    this.#admin[index] = (index % 2 === 0 ? value & QUEUE_ADDRESS : value) >>> 0
  }
}

function fieldOf(register: number, { shift, mask }: { readonly shift: number; readonly mask: number }): number {
  return (register >>> shift) & mask
}
