import { KiB, MiB } from '@hostbridge/core/address'
import { Machine } from '@hostbridge/core/machine'
import { ram } from '@hostbridge/core/memory'
import {
  NvmeAdmin,
  NvmeConfiguration,
  NvmeController,
  type NvmeOptions,
  NvmeRegister,
  NvmeStatusRegister,
  RamBacking,
} from '@hostbridge/devices/endpoints'
import { CapabilityId, Command, Msix, MsixEntry, type PciDevice } from '@hostbridge/devices/pci'
import { MSI_WINDOW, SpaprHostBridge } from '@hostbridge/devices/spapr'

export const PAGE = 4096

/** Where the CPU sees the controller's BAR: at 0x9000_0000 of the bus. */
const BAR = 0x2000_9000_0000n

/** The interrupt of vector 0; those of the others follow. */
export const FIRST_INTERRUPT = 0x1100

export interface Scene {
  readonly machine: Machine
  readonly phb: SpaprHostBridge
  readonly nvme: NvmeController
  readonly driver: NvmeDriver
}

/** A pseries machine with a controller of one RAM namespace of 1 MiB, unless told, whose driver has not done anything yet. */
export function nvmeScene(options: Partial<NvmeOptions> = {}): Scene {
  const machine = new Machine('pseries')
  machine.map(0n, ram('ram', 64n * MiB))
  const phb = machine.plug(new SpaprHostBridge({ index: 0 }))
  const namespaces = options.namespaces ?? [{ backing: new RamBacking(1n * MiB) }]
  const nvme = phb.plug('00:01.0', new NvmeController({ ...options, namespaces }))
  return { machine, phb, nvme, driver: new NvmeDriver(machine, phb, nvme) }
}

/** A command, as words by their index; the others are 0. */
export interface CommandWords {
  readonly opcode: number
  /** Bits 15:8 of the first word: fused operation and kind of pointers. */
  readonly flags?: number
  readonly namespace?: number
  readonly prp1?: number
  readonly prp2?: number
  readonly cdw10?: number
  readonly cdw11?: number
  readonly cdw12?: number
  readonly cdw13?: number
}

export interface Completion {
  readonly result: number
  readonly queue: number
  readonly queueHead: number
  readonly command: number
  readonly phase: number
  /** Type and code. */
  readonly status: number
  readonly retry: boolean
}

interface Ring {
  readonly iova: number
  readonly size: number
  index: number
  phase: number
}

/**
 * A driver as a guest has it: its pages are scattered over RAM and mapped at IOVAs from 1 MiB on, its registers are accesses of
 * the CPU. Addresses of buffers are IOVAs, as numbers.
 */
export class NvmeDriver {
  readonly submission = new Map<number, Ring>()
  readonly completion = new Map<number, Ring>()
  /** Numbers of the interrupts that came. */
  readonly interrupts: number[] = []
  readonly #machine: Machine
  readonly #phb: SpaprHostBridge
  readonly #device: PciDevice
  readonly #pages = new Map<number, number>()
  #nextPage = 256
  #nextCommand = 1
  readonly #word = new DataView(new ArrayBuffer(4))

  constructor(machine: Machine, phb: SpaprHostBridge, device: PciDevice) {
    this.#machine = machine
    this.#phb = phb
    this.#device = device
    phb.msi.connect((irq) => this.interrupts.push(irq))
    device.config.write(0x10, 4, 0x9000_0000)
    device.config.write(0x14, 4, 0)
    device.config.write(0x04, 2, Command.memory | Command.busMaster)
  }

  poke(offset: number, value: number): void {
    this.#word.setUint32(0, value, true)
    this.#machine.space.write(BAR + BigInt(offset), new Uint8Array(this.#word.buffer))
  }

  peek(offset: number): number {
    this.#machine.space.read(BAR + BigInt(offset), new Uint8Array(this.#word.buffer))
    return this.#word.getUint32(0, true)
  }

  /** Maps pages that follow each other on the bus and lie apart in RAM; returns the IOVA of the first. */
  pages(count = 1): number {
    const first = this.#nextPage
    this.#nextPage += count
    for (let page = first; page < first + count; page++) {
      const frame = 512 + ((page * 4099) % 15_000)
      this.#pages.set(page, frame)
      this.#phb.window.put(BigInt(page) * 4n * KiB, { to: BigInt(frame) * 4n * KiB, access: 'rw' })
    }
    return first * PAGE
  }

  /** Takes the mapping of a page away, or leaves reads alone. */
  revoke(iova: number, keep: 'r' | 'none' = 'none'): void {
    const page = Math.floor(iova / PAGE)
    const at = BigInt(page) * 4n * KiB
    if (keep === 'none') this.#phb.window.unput(at)
    else this.#phb.window.put(at, { to: BigInt(this.#pages.get(page) as number) * 4n * KiB, access: 'r' })
  }

  /** Writes guest memory where an IOVA leads. */
  fill(iova: number, bytes: Uint8Array): void {
    for (let done = 0; done < bytes.length; ) {
      const [address, left] = this.#place(iova + done)
      const piece = bytes.subarray(done, done + left)
      this.#machine.space.write(address, piece)
      done += piece.length
    }
  }

  look(iova: number, length: number): Uint8Array {
    const bytes = new Uint8Array(length)
    for (let done = 0; done < length; ) {
      const [address, left] = this.#place(iova + done)
      const piece = bytes.subarray(done, done + left)
      this.#machine.space.read(address, piece)
      done += piece.length
    }
    return bytes
  }

  /** Lets the function signal each vector as an interrupt of its own: by its table and its capability, as a driver does. */
  useMsix(): void {
    const { config, capabilities } = this.#device
    const at = capabilities.find(CapabilityId.msix)?.offset as number
    const vectors = (config.read(at + Msix.control.offset, 2) & 0x7ff) + 1
    const table = config.read(at + Msix.table.offset, 4)
    for (let vector = 0; vector < vectors; vector++) {
      const entry = table + vector * MsixEntry.size
      this.poke(entry + MsixEntry.address, Number(MSI_WINDOW.start % 2n ** 32n))
      this.poke(entry + MsixEntry.addressUpper, Number(MSI_WINDOW.start >> 32n))
      this.poke(entry + MsixEntry.data, FIRST_INTERRUPT + vector)
      this.poke(entry + MsixEntry.control, 0)
    }
    config.write(at + Msix.control.offset, 2, 0x8000)
  }

  /** Section 7.6.1: sets up the admin queues, enables, and waits for CSTS.RDY. Returns CSTS. */
  enable(entries = 32, mps = 0): number {
    const submission = this.pages(16 * 2 ** mps)
    const completion = this.pages(16 * 2 ** mps)
    const aligned = (iova: number): number => Math.ceil(iova / (PAGE << mps)) * (PAGE << mps)
    this.addRings(0, entries, aligned(submission), aligned(completion))
    this.poke(NvmeRegister.adminQueueAttributes, ((entries - 1) << 16) | (entries - 1))
    this.poke(NvmeRegister.adminSubmissionQueue, aligned(submission))
    this.poke(NvmeRegister.adminSubmissionQueue + 4, 0)
    this.poke(NvmeRegister.adminCompletionQueue, aligned(completion))
    this.poke(NvmeRegister.adminCompletionQueue + 4, 0)
    this.poke(NvmeRegister.configuration, configurationOf(mps))
    this.#machine.run()
    return this.peek(NvmeRegister.status)
  }

  addRings(id: number, size: number, submission: number, completion: number): void {
    this.submission.set(id, { iova: submission, size, index: 0, phase: 1 })
    this.completion.set(id, { iova: completion, size, index: 0, phase: 1 })
  }

  /** Makes a pair of I/O queues with this number, of which the completion queue has the interrupt vector of its number. */
  addQueues(id: number, size = 32): void {
    const submission = this.pages(Math.ceil((size * 64) / PAGE))
    const completion = this.pages(Math.ceil((size * 16) / PAGE))
    this.addRings(id, size, submission, completion)
    const cdw10 = ((size - 1) << 16) | id
    const made = [
      this.admin({ opcode: NvmeAdmin.createCompletionQueue, prp1: completion, cdw10, cdw11: (id << 16) | 3 }),
      this.admin({ opcode: NvmeAdmin.createSubmissionQueue, prp1: submission, cdw10, cdw11: (id << 16) | 1 }),
    ]
    if (made.some(({ status }) => status !== 0)) throw new Error(`no queues ${id}`)
  }

  /** Puts a command into a queue without telling; returns its identifier. */
  put(queue: number, command: CommandWords): number {
    const ring = this.submission.get(queue) as Ring
    const id = this.#nextCommand++ & 0xffff
    const words = new Uint32Array(16)
    words[0] = (id << 16) | ((command.flags ?? 0) << 8) | command.opcode
    words[1] = command.namespace ?? 0
    for (const [word, address] of [
      [6, command.prp1 ?? 0],
      [8, command.prp2 ?? 0],
    ] as const) {
      words[word] = address
      words[word + 1] = Math.floor(address / 2 ** 32)
    }
    words.set([command.cdw10 ?? 0, command.cdw11 ?? 0, command.cdw12 ?? 0, command.cdw13 ?? 0], 10)
    this.fill(ring.iova + ring.index * 64, new Uint8Array(words.buffer))
    ring.index = (ring.index + 1) % ring.size
    return id
  }

  /** Tells the controller of everything that was put into a queue. */
  ring(queue: number): void {
    this.poke(NvmeRegister.doorbells + 8 * queue, (this.submission.get(queue) as Ring).index)
  }

  /** Takes the completions that have come, and tells the controller unless told. */
  take(queue: number, tell = true): Completion[] {
    const ring = this.completion.get(queue) as Ring
    const taken: Completion[] = []
    for (let next = this.#completionAt(ring); next.phase === ring.phase; next = this.#completionAt(ring)) {
      taken.push(next)
      ring.index = (ring.index + 1) % ring.size
      if (ring.index === 0) ring.phase ^= 1
    }
    if (taken.length > 0 && tell) this.poke(NvmeRegister.doorbells + 8 * queue + 4, ring.index)
    return taken
  }

  /** Lets one command complete. */
  run(queue: number, command: CommandWords): Completion {
    const id = this.put(queue, command)
    this.ring(queue)
    this.#machine.run()
    const done = this.take(queue)
    const [first] = done
    if (done.length !== 1 || first?.command !== id) throw new Error(`${done.length} completions, not that of ${id}`)
    return first
  }

  admin(command: CommandWords): Completion {
    return this.run(0, command)
  }

  /** What a command gives in a page: its completion and the bytes. */
  inPage(command: CommandWords): { readonly status: number; readonly data: DataView } {
    const prp1 = this.pages()
    const { status } = this.admin({ ...command, prp1 })
    return { status, data: new DataView(this.look(prp1, PAGE).buffer) }
  }

  get ready(): boolean {
    return (this.peek(NvmeRegister.status) & NvmeStatusRegister.ready) !== 0
  }

  #completionAt({ iova, index }: Ring): Completion {
    const words = new Uint32Array(this.look(iova + index * 16, 16).buffer)
    const [result, , where, last] = words as unknown as [number, number, number, number]
    return {
      result,
      queue: where >>> 16,
      queueHead: where & 0xffff,
      command: last & 0xffff,
      phase: (last >>> 16) & 1,
      status: (last >>> 17) & 0x7ff,
      retry: last >>> 31 === 0,
    }
  }

  #place(iova: number): [address: bigint, left: number] {
    const frame = this.#pages.get(Math.floor(iova / PAGE))
    if (frame === undefined) throw new Error(`the driver has no page at ${iova}`)
    return [BigInt(frame * PAGE + (iova % PAGE)), PAGE - (iova % PAGE)]
  }
}

/** CC: enabled, entries of 64 and 16 bytes. */
export function configurationOf(mps = 0): number {
  const { enable, submissionEntry, completionEntry, pageSize } = NvmeConfiguration
  return enable | (6 << submissionEntry.shift) | (4 << completionEntry.shift) | (mps << pageSize.shift)
}
