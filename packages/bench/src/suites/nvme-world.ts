import { KiB, MiB } from '@hostbridge/core/address'
import { Machine } from '@hostbridge/core/machine'
import { ram } from '@hostbridge/core/memory'
import { NvmeAdmin, NvmeConfiguration, NvmeController, NvmeRegister, RamBacking } from '@hostbridge/devices/endpoints'
import { Command, Msix } from '@hostbridge/devices/pci'
import { MSI_WINDOW, SpaprHostBridge } from '@hostbridge/devices/spapr'

/** Bytes of the namespace and of the buffers, all of which are used in turn. */
export const DISK_BYTES: number = 2 ** 24

const PAGE = 4096
const QUEUE_ENTRIES = 256
const BAR = 0x2000_9000_0000n

// Pages on the bus and, behind the IOMMU, pages of RAM.
const ADMIN_SUBMISSION = 16
const ADMIN_COMPLETION = 32
const SUBMISSION = 48
const COMPLETION = 80
const LISTS = 1024
const BUFFERS = 4096

const MAPPED_PAGES = BUFFERS + DISK_BYTES / PAGE

/** A pseries machine whose controller reads blocks into buffers that are scattered over RAM, page by page, by a TCE table. */
export class NvmeWorld {
  readonly machine: Machine
  readonly #ram = ram('ram', 64n * MiB)
  readonly #words = new Uint32Array(16)
  readonly #bytes = new Uint8Array(this.#words.buffer)
  readonly #doorbell = new Uint8Array(4)
  readonly #frames = new Float64Array(MAPPED_PAGES)
  #tail = 0
  #head = 0
  #phase = 1
  #adminTail = 0

  constructor() {
    this.machine = new Machine('pseries')
    this.machine.map(0n, this.#ram)
    const phb = this.machine.plug(new SpaprHostBridge({ index: 0 }))
    // Every page but those of the queues lies by itself: the next page on the bus is 13 pages further on, round and round.
    for (let page = 0; page < MAPPED_PAGES; page++) {
      const frame = page < LISTS ? page : LISTS + (((page - LISTS) * 13) % 8_191)
      this.#frames[page] = frame
      phb.window.put(BigInt(page) * 4n * KiB, { to: BigInt(frame) * 4n * KiB, access: 'rw' })
    }
    const backing = new RamBacking(DISK_BYTES)
    backing.write(0, diskBytes())
    const nvme = phb.plug('00:01.0', new NvmeController({ namespaces: [{ backing, blockSize: 4096 }] }))
    nvme.config.write(0x10, 4, 0x9000_0000)
    nvme.config.write(0x04, 2, Command.memory | Command.busMaster)
    const { msix } = nvme
    msix?.setMessage(1, MSI_WINDOW.start, 0x1101)
    nvme.config.write((msix?.offset ?? 0) + Msix.control.offset, 2, 0x8000)
    this.#start()
  }

  /** Queues a read of `length` bytes from byte `position` of the disk into the buffers at the same place. */
  read(position: number, length: number): void {
    const words = this.#words.fill(0)
    const first = BUFFERS + position / PAGE
    words[0] = 2 | (this.#tail << 16)
    words[1] = 1
    words[6] = first * PAGE
    const pages = length / PAGE
    if (pages > 1) words[8] = pages === 2 ? (first + 1) * PAGE : this.#list(first + 1, pages - 1)
    words[10] = position / PAGE
    words[12] = pages - 1
    this.#store(SUBMISSION * PAGE + this.#tail * 64, this.#bytes)
    this.#tail = (this.#tail + 1) % QUEUE_ENTRIES
  }

  /** Rings, lets everything complete, and takes the completions; returns how many succeeded. */
  complete(): number {
    this.#poke(NvmeRegister.doorbells + 8, this.#tail)
    this.machine.run()
    let succeeded = 0
    const { memory } = this.#ram
    for (;;) {
      const at = COMPLETION * PAGE + this.#head * 16 + 12
      const last = memory.load(Math.floor(at / PAGE), at % PAGE, 4)
      if (((last >>> 16) & 1) !== this.#phase) break
      if (last >>> 17 === 0) succeeded++
      this.#head = (this.#head + 1) % QUEUE_ENTRIES
      if (this.#head === 0) this.#phase ^= 1
    }
    this.#poke(NvmeRegister.doorbells + 12, this.#head)
    return succeeded
  }

  /** The buffer at a place of the disk, of which `length` bytes lie in one page. */
  buffer(position: number, length: number): Uint8Array {
    const bytes = new Uint8Array(length)
    const frame = this.#frames[BUFFERS + Math.floor(position / PAGE)] as number
    this.#ram.memory.readAt(frame, position % PAGE, bytes, 0, length)
    return bytes
  }

  /** Section 7.6.1 of NVM Express 1.3d: the admin queues, then a pair of I/O queues. */
  #start(): void {
    const { enable, submissionEntry, completionEntry } = NvmeConfiguration
    this.#poke(NvmeRegister.adminQueueAttributes, 0x001f_001f)
    this.#poke(NvmeRegister.adminSubmissionQueue, ADMIN_SUBMISSION * PAGE)
    this.#poke(NvmeRegister.adminCompletionQueue, ADMIN_COMPLETION * PAGE)
    this.#poke(NvmeRegister.configuration, enable | (6 << submissionEntry.shift) | (4 << completionEntry.shift))
    this.machine.run()
    const size = (QUEUE_ENTRIES - 1) << 16
    this.#admin(NvmeAdmin.createCompletionQueue, COMPLETION, size | 1, 0x0001_0003)
    this.#admin(NvmeAdmin.createSubmissionQueue, SUBMISSION, size | 1, 0x0001_0001)
  }

  #admin(opcode: number, page: number, cdw10: number, cdw11: number): void {
    const words = this.#words.fill(0)
    words[0] = opcode
    words[6] = page * PAGE
    words[10] = cdw10
    words[11] = cdw11
    this.#store(ADMIN_SUBMISSION * PAGE + this.#adminTail++ * 64, this.#bytes)
    this.#poke(NvmeRegister.doorbells, this.#adminTail)
    this.machine.run()
  }

  /** Writes a PRP list of pages that follow each other on the bus; every first page has a list of its own. */
  #list(first: number, pages: number): number {
    const page = LISTS + Math.floor((first - BUFFERS) / 32)
    const frame = this.#frames[page] as number
    const { memory } = this.#ram
    for (let index = 0; index < pages; index++) memory.store(frame, 8 * index, 4, (first + index) * PAGE)
    return page * PAGE
  }

  #store(iova: number, bytes: Uint8Array): void {
    const frame = this.#frames[Math.floor(iova / PAGE)] as number
    this.#ram.memory.writeAt(frame, iova % PAGE, bytes, 0, bytes.length)
  }

  #poke(offset: number, value: number): void {
    for (let byte = 0; byte < 4; byte++) this.#doorbell[byte] = value >>> (8 * byte)
    this.machine.space.write(BAR + BigInt(offset), this.#doorbell)
  }
}

/** What the disk holds: every byte depends on its place. */
export function diskBytes(): Uint8Array {
  const words = new Uint32Array(DISK_BYTES / 4)
  for (let index = 0; index < words.length; index++) words[index] = Math.imul(index, 0x9e37_79b1)
  return new Uint8Array(words.buffer)
}

/** Memory of the size of the disk that other threads may see too, as guest RAM is. */
export function sharedBytes(): Uint8Array {
  return new Uint8Array(new SharedArrayBuffer(DISK_BYTES))
}
