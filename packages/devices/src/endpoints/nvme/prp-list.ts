import { type DmaPort, frameOfWords } from './dma-port.ts'
import { NvmeCommandWord } from './spec/command.ts'
import { NvmeStatus, type NvmeStatusCode } from './spec/status.ts'

/** Bytes of an entry. */
const ENTRY_SIZE = 8

/**
 * The guest memory of one command's data: stretches that its PRP entries describe (NVM Express 1.3d, section 4.3), those that
 * follow each other in one piece.
 *
 * Lists are read as far as the command's length asks for, so that one that leads back into itself ends.
 */
export class PrpList {
  /** How many stretches there are. */
  count = 0
  /** Of each stretch: its page frame of 4 KiB, the byte in it, its length in bytes. */
  readonly frames: Float64Array
  readonly bytes: Uint16Array
  readonly lengths: Uint32Array
  readonly #dma: DmaPort
  readonly #entries: Uint32Array
  readonly #entryBytes: Uint8Array
  /** The frame that follows the last stretch; no whole number where that ends before its page does. */
  #next = -1

  /** `mostBytes` are those of the longest command. */
  constructor(dma: DmaPort, mostBytes: number) {
    const pages = Math.ceil(mostBytes / 4096) + 1
    this.frames = new Float64Array(pages)
    this.bytes = new Uint16Array(pages)
    this.lengths = new Uint32Array(pages)
    this.#dma = dma
    this.#entries = new Uint32Array(2 * pages)
    this.#entryBytes = new Uint8Array(this.#entries.buffer)
  }

  /** Follows the PRP entries of the command at word `at` for `length` bytes, 1 at least, with pages of 2^`pageShift` bytes. */
  gather(words: Uint32Array, at: number, length: number, pageShift: number): NvmeStatusCode {
    const pageSize = 2 ** pageShift
    this.count = 0
    this.#next = -1
    const first = words[at + NvmeCommandWord.prp1] as number
    if ((first & 3) !== 0) return NvmeStatus.prpOffsetInvalid
    const inFirst = Math.min(length, pageSize - (first & (pageSize - 1)))
    this.#add(first, words[at + NvmeCommandWord.prp1 + 1] as number, inFirst)
    const left = length - inFirst
    if (left === 0) return NvmeStatus.success
    const low = words[at + NvmeCommandWord.prp2] as number
    const high = words[at + NvmeCommandWord.prp2 + 1] as number
    if (left > pageSize) return this.#follow(low, high, left, pageSize)
    if ((low & (pageSize - 1)) !== 0) return NvmeStatus.prpOffsetInvalid
    this.#add(low, high, left)
    return NvmeStatus.success
  }

  /** Copies what the stretches hold into `into`, which is as long as they are. */
  read(into: Uint8Array): NvmeStatusCode {
    for (let index = 0, done = 0; index < this.count; index++) {
      const length = this.lengths[index] as number
      const piece = into.subarray(done, done + length)
      if (!this.#dma.read(this.frames[index] as number, this.bytes[index] as number, piece)) {
        return NvmeStatus.dataTransferError
      }
      done += length
    }
    return NvmeStatus.success
  }

  /** Copies `from` into the stretches; what they have more stays as it is. */
  write(from: Uint8Array): NvmeStatusCode {
    for (let index = 0, done = 0; index < this.count && done < from.length; index++) {
      const length = this.lengths[index] as number
      const piece = from.subarray(done, done + length)
      if (!this.#dma.write(this.frames[index] as number, this.bytes[index] as number, piece)) {
        return NvmeStatus.dataTransferError
      }
      done += length
    }
    return NvmeStatus.success
  }

  /** Follows a list, whose last entry in a page leads to the list's next page where more entries are needed than the page has. */
  #follow(low: number, high: number, length: number, pageSize: number): NvmeStatusCode {
    if ((low & (ENTRY_SIZE - 1)) !== 0) return NvmeStatus.prpOffsetInvalid
    const entries = this.#entries
    for (let left = length; ; ) {
      const room = (pageSize - (low & (pageSize - 1))) / ENTRY_SIZE
      const needed = Math.ceil(left / pageSize)
      const count = Math.min(room, needed)
      const bytes = this.#entryBytes.subarray(0, count * ENTRY_SIZE)
      if (!this.#dma.read(frameOfWords(low, high), low & 0xfff, bytes)) return NvmeStatus.dataTransferError
      const data = needed > room ? count - 1 : count
      for (let index = 0; index < data; index++) {
        const entry = entries[2 * index] as number
        if ((entry & (pageSize - 1)) !== 0) return NvmeStatus.prpOffsetInvalid
        const piece = Math.min(left, pageSize)
        this.#add(entry, entries[2 * index + 1] as number, piece)
        left -= piece
      }
      if (left === 0) return NvmeStatus.success
      low = entries[2 * data] as number
      high = entries[2 * data + 1] as number
      if ((low & (pageSize - 1)) !== 0) return NvmeStatus.prpOffsetInvalid
    }
  }

  #add(low: number, high: number, length: number): void {
    const frame = frameOfWords(low, high)
    const byte = low & 0xfff
    const end = byte + length
    if (frame === this.#next && byte === 0) {
      const last = this.count - 1
      this.lengths[last] = (this.lengths[last] as number) + length
    } else {
      this.frames[this.count] = frame
      this.bytes[this.count] = byte
      this.lengths[this.count] = length
      this.count++
    }
    this.#next = frame + end / 4096
  }
}
