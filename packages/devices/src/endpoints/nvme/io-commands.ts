import type { DmaPort } from './dma-port.ts'
import type { LogPages } from './log-pages.ts'
import { type NvmeNamespace, writeStatus } from './namespace.ts'
import type { PrpList } from './prp-list.ts'
import { NVME_ALL_NAMESPACES, NVME_UNSUPPORTED_FORMS, NvmeCommandWord, NvmeDataset, NvmeIo } from './spec/command.ts'
import { NvmeStatus, type NvmeStatusCode } from './spec/status.ts'

/** What a list of ranges counts as, against what one event may do: each may cost a look at all chunks of a disk. */
const RANGES_COST = 2 ** 20

/** The NVM command set (NVM Express 1.3d, section 6). */
export class IoCommands {
  /** log2 of the bytes of a page, as the guest has it in CC. */
  pageShift = 12
  /** Bytes that the last command has moved, or what else it counts as. */
  cost = 0
  readonly #namespaces: readonly NvmeNamespace[]
  readonly #dma: DmaPort
  readonly #prps: PrpList
  readonly #logs: LogPages
  readonly #staging: Uint8Array

  /** `mostBytes` are those of the longest transfer. */
  constructor(
    namespaces: readonly NvmeNamespace[],
    parts: { readonly dma: DmaPort; readonly prps: PrpList; readonly logs: LogPages },
    mostBytes: number,
  ) {
    this.#namespaces = namespaces
    this.#dma = parts.dma
    this.#prps = parts.prps
    this.#logs = parts.logs
    this.#staging = new Uint8Array(mostBytes)
  }

  /** Bytes that the medium is busy with for the command at word `at`; what is too long is as long as the longest transfer. */
  bytesOf(words: Uint32Array, at: number): number {
    const opcode = (words[at] as number) & 0xff
    if (opcode !== NvmeIo.read && opcode !== NvmeIo.write && opcode !== NvmeIo.compare) return 0
    const namespace = this.#namespaces[(words[at + NvmeCommandWord.namespace] as number) - 1]
    if (namespace === undefined) return 0
    return Math.min(blocksOf(words, at) << namespace.blockShift, this.#staging.length)
  }

  /** Does the command at word `at`, all of it. */
  execute(words: Uint32Array, at: number): NvmeStatusCode {
    const command = words[at] as number
    const id = words[at + NvmeCommandWord.namespace] as number
    this.cost = 0
    if ((command & NVME_UNSUPPORTED_FORMS) !== 0) return NvmeStatus.invalidField
    const opcode = command & 0xff
    if (opcode === NvmeIo.flush && id === NVME_ALL_NAMESPACES) return this.flushAll()
    const namespace = this.#namespaces[id - 1]
    if (namespace === undefined) return NvmeStatus.invalidNamespace
    switch (opcode) {
      case NvmeIo.read:
      case NvmeIo.write:
      case NvmeIo.compare:
        return this.#transfer(opcode, namespace, words, at)
      case NvmeIo.flush:
        return writeStatus(namespace.backing.flush())
      case NvmeIo.writeZeroes:
        return this.#writeZeroes(namespace, words, at)
      case NvmeIo.datasetManagement:
        return this.#manage(namespace, words, at)
      default:
        return NvmeStatus.invalidOpcode
    }
  }

  /** Makes everything last that was written. */
  flushAll(): NvmeStatusCode {
    let status: NvmeStatusCode = NvmeStatus.success
    for (const { backing } of this.#namespaces) {
      if (backing.flush() !== 'done') status = NvmeStatus.writeFault
    }
    return status
  }

  #transfer(opcode: number, namespace: NvmeNamespace, words: Uint32Array, at: number): NvmeStatusCode {
    const blocks = blocksOf(words, at)
    const length = blocks << namespace.blockShift
    if (length > this.#staging.length) return NvmeStatus.invalidField
    const first = firstBlockOf(words, at)
    if (!namespace.has(first, blocks)) return NvmeStatus.lbaOutOfRange
    const wrong = this.#prps.gather(words, at, length, this.pageShift)
    if (wrong !== NvmeStatus.success) return wrong
    this.cost = length
    const position = namespace.positionOf(first)
    if (opcode === NvmeIo.write) return this.#write(namespace, position, length)
    const status =
      opcode === NvmeIo.read ? this.#read(namespace, position, length) : this.#compare(namespace, position, length)
    const { counters } = this.#logs
    if (status === NvmeStatus.success) {
      counters.reads++
      counters.bytesRead += length
    } else if (status === NvmeStatus.unrecoveredReadError) counters.mediaErrors++
    return status
  }

  /** Section 6.9. Bytes go from the backing to guest memory directly, where it shows them. */
  #read(namespace: NvmeNamespace, position: number, length: number): NvmeStatusCode {
    const { backing } = namespace
    if (backing.view === undefined) {
      const bytes = this.#staging.subarray(0, length)
      return backing.read(position, bytes) === 'done' ? this.#prps.write(bytes) : NvmeStatus.unrecoveredReadError
    }
    const prps = this.#prps
    for (let index = 0; index < prps.count; index++) {
      const frame = prps.frames[index] as number
      const byte = prps.bytes[index] as number
      const stretch = prps.lengths[index] as number
      for (let done = 0; done < stretch; ) {
        const piece = backing.view(position, stretch - done)
        if (!this.#dma.write(frame, byte + done, piece)) return NvmeStatus.dataTransferError
        done += piece.length
        position += piece.length
      }
    }
    return NvmeStatus.success
  }

  /** Section 6.14. What cannot be read from guest memory as a whole changes no block. */
  #write(namespace: NvmeNamespace, position: number, length: number): NvmeStatusCode {
    const bytes = this.#staging.subarray(0, length)
    const wrong = this.#prps.read(bytes)
    if (wrong !== NvmeStatus.success) return wrong
    const status = writeStatus(namespace.backing.write(position, bytes))
    const { counters } = this.#logs
    if (status === NvmeStatus.success) {
      counters.writes++
      counters.bytesWritten += length
    } else counters.mediaErrors++
    return status
  }

  /** Section 6.6. */
  #compare({ backing }: NvmeNamespace, position: number, length: number): NvmeStatusCode {
    const given = this.#staging.subarray(0, length)
    const wrong = this.#prps.read(given)
    if (wrong !== NvmeStatus.success) return wrong
    const stored = new Uint8Array(length)
    if (backing.read(position, stored) !== 'done') return NvmeStatus.unrecoveredReadError
    for (let index = 0; index < length; index++) {
      if (given[index] !== stored[index]) return NvmeStatus.compareFailure
    }
    return NvmeStatus.success
  }

  /** Section 6.16. */
  #writeZeroes(namespace: NvmeNamespace, words: Uint32Array, at: number): NvmeStatusCode {
    const first = firstBlockOf(words, at)
    const blocks = blocksOf(words, at)
    if (!namespace.has(first, blocks)) return NvmeStatus.lbaOutOfRange
    this.cost = namespace.positionOf(blocks)
    return namespace.zero(first, blocks)
  }

  /** Section 6.7: deallocates up to 256 ranges, all of which are looked at first; where the backing cannot, that was a hint. */
  #manage(namespace: NvmeNamespace, words: Uint32Array, at: number): NvmeStatusCode {
    const ranges = ((words[at + NvmeCommandWord.cdw10] as number) & 0xff) + 1
    const bytes = this.#staging.subarray(0, ranges * NvmeDataset.rangeSize)
    const wrong = this.#prps.gather(words, at, bytes.length, this.pageShift) || this.#prps.read(bytes)
    if (wrong !== NvmeStatus.success) return wrong
    this.cost = RANGES_COST
    const view = new DataView(bytes.buffer, 0, bytes.length)
    const list = Array.from({ length: ranges }, (_, index) => {
      const range = index * NvmeDataset.rangeSize
      const count = view.getUint32(range + 4, true)
      return { count, first: view.getUint32(range + 8, true) + view.getUint32(range + 12, true) * 2 ** 32 }
    })
    if (list.some(({ first, count }) => count > 0 && !namespace.has(first, count))) return NvmeStatus.lbaOutOfRange
    const deallocates = ((words[at + NvmeCommandWord.cdw11] as number) & NvmeDataset.deallocate) !== 0
    if (!deallocates || namespace.backing.zero === undefined) return NvmeStatus.success
    for (const { first, count } of list) {
      const status = count > 0 ? namespace.zero(first, count) : NvmeStatus.success
      if (status !== NvmeStatus.success) return status
    }
    return NvmeStatus.success
  }
}

/** CDW12 15:0, less one in the command. */
function blocksOf(words: Uint32Array, at: number): number {
  return ((words[at + NvmeCommandWord.cdw12] as number) & 0xffff) + 1
}

/** CDW10 and CDW11; not exact above 2^53, where no block is. */
function firstBlockOf(words: Uint32Array, at: number): number {
  return (words[at + NvmeCommandWord.cdw10] as number) + (words[at + NvmeCommandWord.cdw11] as number) * 2 ** 32
}
