import { HostbridgeError } from '../errors.ts'
import { formatRange, type Range } from './range.ts'
import { ADDRESS_SPACE_SIZE } from './units.ts'

/** log2 of the page that frames count: the smallest page of every IOMMU in the field. */
export const PAGE_SHIFT = 12

export const PAGE_SIZE = 4096

export const PAGE_SIZE_BIGINT = 4096n

/** The frame of the last page of a 64-bit space. */
export const LAST_FRAME: number = 2 ** 52 - 1

/** Frames of 64 bits of address space; still exact as a `number`. */
const FRAME_COUNT = 2 ** 52

/** Frames in 2^32 bytes: the weight of an address's upper word. */
const FRAMES_PER_WORD = 2 ** 20

// Through memory, a 64-bit value changes between bigint and two words in 7 to 12 ns; bigint shifts take 40 to 65.
// `words[0]` is the lower word: every platform that the shared tables run on is little-endian.
const scratch = new BigUint64Array(1)
const words = new Uint32Array(scratch.buffer)

/** An address as two numbers that loops can calculate with. */
export interface PageAddress {
  /** Page frame, 0 to 2^52 - 1. */
  readonly frame: number
  /** Byte inside the page, 0 to 4095. */
  readonly offset: number
}

/** The pages `first` to `last`, both inside. */
export interface FrameRange {
  readonly first: number
  readonly last: number
}

/** The page frame that `address` (0 to 2^64 - 1, higher bits are ignored) lies in. */
export function frameOf(address: bigint): number {
  scratch[0] = address
  return (words[1] as number) * FRAMES_PER_WORD + ((words[0] as number) >>> PAGE_SHIFT)
}

/** Page frame and offset of `address` (0 to 2^64 - 1, higher bits are ignored). */
export function splitAddress(address: bigint): PageAddress {
  scratch[0] = address
  const low = words[0] as number
  return { frame: (words[1] as number) * FRAMES_PER_WORD + (low >>> PAGE_SHIFT), offset: low & (PAGE_SIZE - 1) }
}

/**
 * The address of the first byte of page `frame`, 0 to 2^52; not checked.
 *
 * 2^52 gives 2^64, so a count of frames becomes its size in bytes too.
 */
export function addressOf(frame: number): bigint {
  if (frame >= FRAME_COUNT) return ADDRESS_SPACE_SIZE
  words[0] = (frame % FRAMES_PER_WORD) * PAGE_SIZE
  words[1] = frame / FRAMES_PER_WORD
  return scratch[0] as bigint
}

/**
 * The pages that `range` consists of.
 *
 * @throws HostbridgeError `address.unaligned` unless the range begins and ends on page boundaries inside the space.
 */
export function frameRangeOf(range: Range): FrameRange {
  const { start, last } = range
  const aligned = start % PAGE_SIZE_BIGINT === 0n && (last + 1n) % PAGE_SIZE_BIGINT === 0n
  if (!aligned || start < 0n || last < start || last >= ADDRESS_SPACE_SIZE) {
    throw new HostbridgeError(
      'address.unaligned',
      `${formatRange(range)} does not consist of whole pages: begin and end it at multiples of 0x1000 below 2^64`,
      { start, last },
    )
  }
  return { first: frameOf(start), last: frameOf(last) }
}
