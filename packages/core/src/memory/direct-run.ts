import { addressOf, type PageAddress, splitAddress } from '../address/page-frame.ts'
import { LAST_ADDRESS } from '../address/units.ts'
import { isDirect } from './access-check.ts'
import type { AccessContext } from './access-context.ts'
import type { AddressSpace } from './address-space.ts'
import type { MemoryRegion } from './memory-region.ts'
import type { SparseMemory } from './sparse-memory.ts'
import { Permission } from './translator.ts'
import type { WriteMarks } from './write-marks.ts'

/** Bytes of one region's memory that follow each other. */
export interface DirectRun {
  readonly region: MemoryRegion
  readonly memory: SparseMemory
  /** The page of the first byte in the memory. */
  readonly frame: number
  /** The first byte in that page. */
  readonly byte: number
  readonly length: number
}

/**
 * The memory that `context` has found at an address, as far as what follows in the space is the same region at the offset that
 * follows (BB-1). Translations are made anew for every piece (BB-2). `undefined` where it is not direct memory.
 */
export function directRun(
  space: AddressSpace,
  context: AccessContext,
  address: bigint,
  length: number,
  write: boolean,
): DirectRun | undefined {
  const { range, frame, byte } = context
  if (range === undefined || !isDirect(range, write, context.attrs)) return undefined
  const { region } = range
  const memory = (range.ram ?? range.romDevice)?.memory
  if (memory === undefined) return undefined
  const first = addressOf(frame) + BigInt(byte)
  let done = Math.min(context.length, memory.bytesFrom(frame, byte))
  while (done < length) {
    const here = (address + BigInt(done)) & LAST_ADDRESS
    locateIn(space, context, here, length - done, write)
    const follows = addressOf(context.frame) + BigInt(context.byte) === first + BigInt(done)
    if (context.range?.region !== region || !follows) break
    done += Math.min(context.length, memory.bytesFrom(context.frame, context.byte))
  }
  return { region, memory, frame, byte, length: done }
}

/** Lets `context` find what answers at an address of what the space shows now. */
export function locateIn(
  space: AddressSpace,
  context: AccessContext,
  address: bigint,
  length: number,
  write: boolean,
): void {
  const { frame, offset } = splitAddress(address)
  context.locate(space.pages, space.flatView, frame, offset, length, write ? Permission.write : Permission.read)
}

/** The page, and the byte in it, of a run's memory that is `offset` bytes into the run. */
export function placeIn({ frame, byte }: DirectRun, offset: number): PageAddress {
  return splitAddress(addressOf(frame) + BigInt(byte + offset))
}

/** Notes that `length` bytes from `offset` bytes into a run on have been written (DL-4). */
export function markWritten(run: DirectRun, offset: number, length: number): void {
  if (length === 0) return
  const marks = (run.region as { readonly writeMarks?: WriteMarks | undefined }).writeMarks
  const place = placeIn(run, offset)
  marks?.mark(place.frame, place.offset, length)
}
