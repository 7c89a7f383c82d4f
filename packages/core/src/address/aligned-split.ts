import { HostbridgeError } from '../errors.ts'
import { LAST_FRAME, PAGE_SHIFT } from './page-frame.ts'
import { hex, type Range, sizeOf } from './range.ts'

/** `2^shift` bytes that begin at a multiple of their size. */
export interface AlignedBlock {
  readonly start: bigint
  /** log2 of the size in bytes, 0 to 64. */
  readonly shift: number
}

/**
 * Cuts a range of bytes into naturally aligned powers of two, ascending, the largest possible at every place
 * (memory-model, vectors 1 to 3): at most 128 blocks while `maxShift` is 64.
 */
export function* alignedBlocks(range: Range, maxShift = 64): Generator<AlignedBlock, void, undefined> {
  let start = range.start
  while (start <= range.last) {
    const fitting = log2(sizeOf({ start, last: range.last }))
    const aligned = start === 0n ? 64 : log2(start & -start)
    const shift = Math.min(fitting, aligned, maxShift)
    yield { start, shift }
    start += 1n << BigInt(shift)
  }
}

/**
 * Cuts whole pages into naturally aligned powers of two and calls `visit` for each, ascending.
 *
 * `shift` is log2 of the block's size in bytes, 12 to 64. No bigint and nothing allocated, for loops over mappings.
 */
export function alignedFrameBlocks(
  firstFrame: number,
  lastFrame: number,
  visit: (frame: number, shift: number) => void,
  maxShift = 64,
): void {
  for (let frame = firstFrame; frame <= lastFrame; ) {
    const order = Math.min(alignmentOf(frame), log2OfCount(lastFrame - frame + 1), maxShift - PAGE_SHIFT)
    visit(frame, order + PAGE_SHIFT)
    frame += 2 ** order
  }
}

/**
 * Cuts whole pages into naturally aligned blocks of the sizes `2^shifts[i]`, the largest possible at every place, and
 * calls `visit` once for each stretch of `frames` pages in neighbouring blocks of one size, ascending.
 *
 * There are at most `2 * shifts.length` stretches, however long the range is. `shifts` ascends, from 12 to 64.
 *
 * @throws HostbridgeError `address.unaligned` when the range does not begin and end at multiples of the smallest size;
 * nothing was visited then.
 */
export function alignedFrameStretches(
  firstFrame: number,
  lastFrame: number,
  shifts: readonly number[],
  visit: (frame: number, frames: number, shift: number) => void,
): void {
  const end = lastFrame + 1
  const smallest = 2 ** ((shifts[0] ?? 0) - PAGE_SHIFT)
  if (smallest < 1 || firstFrame % smallest !== 0 || end % smallest !== 0 || lastFrame > LAST_FRAME) {
    throw new HostbridgeError(
      'address.unaligned',
      `pages ${hex(firstFrame)} to ${hex(lastFrame)} cannot be cut into blocks of 2^{${shifts.join(', ')}} bytes: ` +
        'begin and end at multiples of the smallest',
      { firstFrame, lastFrame, shifts },
    )
  }
  for (let frame = firstFrame; frame < end; ) {
    const index = largestFitting(frame, end, shifts)
    const shift = shifts[index] as number
    const stop = endOfStretch(frame, end, shift, shifts[index + 1])
    visit(frame, stop - frame, shift)
    frame = stop
  }
}

function largestFitting(frame: number, end: number, shifts: readonly number[]): number {
  let index = 0
  for (let next = 1; next < shifts.length; next++) {
    const frames = 2 ** ((shifts[next] as number) - PAGE_SHIFT)
    if (frame % frames !== 0 || frame + frames > end) break
    index = next
  }
  return index
}

/** Where blocks of `2^shift` bytes stop: where the next larger ones begin, or where no further block fits. */
function endOfStretch(frame: number, end: number, shift: number, largerShift: number | undefined): number {
  if (largerShift !== undefined) {
    const larger = 2 ** (largerShift - PAGE_SHIFT)
    const boundary = Math.ceil(frame / larger) * larger
    if (boundary + larger <= end) return boundary
  }
  const frames = 2 ** (shift - PAGE_SHIFT)
  return frame + Math.floor((end - frame) / frames) * frames
}

/** log2 of the largest power of two that divides `frame`; 52 for frame 0, which every block can begin at. */
function alignmentOf(frame: number): number {
  if (frame === 0) return 52
  const low = (frame % 2 ** 32) | 0
  if (low !== 0) return 31 - Math.clz32(low & -low)
  const high = frame / 2 ** 32
  return 63 - Math.clz32(high & -high)
}

function log2OfCount(frames: number): number {
  return frames < 2 ** 32 ? 31 - Math.clz32(frames) : 63 - Math.clz32(frames / 2 ** 32)
}

function log2(value: bigint): number {
  return value.toString(2).length - 1
}
