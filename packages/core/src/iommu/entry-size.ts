import { PAGE_SHIFT } from '../address/index.ts'

// Powers, remainders and divisions of numbers are slow in loops; products with powers of two are exact.
const framesByShift = Float64Array.from({ length: 65 }, (_, shift) => 2 ** (shift - PAGE_SHIFT))
const inverseByShift = Float64Array.from({ length: 65 }, (_, shift) => 2 ** (PAGE_SHIFT - shift))

/** Pages of 4 KiB in an entry of `2^shift` bytes, 12 to 64. */
export function framesOfShift(shift: number): number {
  return framesByShift[shift] as number
}

/** How many entries of `2^shift` bytes `frames` pages are, which may be a fraction. */
export function entriesOfFrames(frames: number, shift: number): number {
  return frames * (inverseByShift[shift] as number)
}

/** The first page of the entry of `2^shift` bytes around `frame`. */
export function entryStart(frame: number, shift: number): number {
  return Math.floor(entriesOfFrames(frame, shift)) * framesOfShift(shift)
}

/** Whether an entry of `2^shift` bytes can begin at `frame`. */
export function isEntryStart(frame: number, shift: number): boolean {
  const entries = entriesOfFrames(frame, shift)
  return Math.floor(entries) === entries
}
