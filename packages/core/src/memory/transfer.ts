import { LAST_FRAME, PAGE_SIZE } from '../address/page-frame.ts'
import { MemTx, type MemTxResult } from './access.ts'
import { isDirect } from './access-check.ts'
import type { AccessContext } from './access-context.ts'
import { pieceOf } from './access-width.ts'
import type { PageCache } from './page-cache.ts'
import { Permission } from './translator.ts'

/** Bytes of a transfer that fills. */
const FILL_BYTES = 512

/**
 * Reads `into.length` bytes at byte `byte` of page `frame`, piece by piece, and returns the results of all pieces OR-ed
 * (section 2.5). What nothing answers, or refuses, reads 0. Where memory is asked for and something else is there, it ends at once
 * if that is the first piece (RW-5). `located` says that the context has the place of the first piece already. The view is used to the end even if a callback changes the map.
 */
export function readTransfer(
  pages: PageCache,
  frame: number,
  byte: number,
  into: Uint8Array,
  context: AccessContext,
  located = false,
): MemTxResult {
  const total = into.length
  const { view } = pages
  let result: MemTxResult = MemTx.ok
  for (let done = 0; done < total; ) {
    if (!located || done > 0) context.locate(pages, view, frame, byte, total - done, Permission.read)
    const { range } = context
    let piece: number
    if (context.attrs.memory === true && range?.mappable === undefined) {
      piece = context.length
      into.fill(0, done, done + piece)
      result |= MemTx.accessError
      if (done === 0) {
        into.fill(0)
        return result
      }
    } else if (range?.ram !== undefined) {
      piece = context.length
      range.ram.memory.readAt(context.frame, context.byte, into, done, piece)
    } else if (range?.romDevice?.romMode) {
      // Past the section's end it is the same memory that goes on (RW-3).
      const { memory } = range.romDevice
      piece = Math.min(context.length, memory.bytesFrom(context.frame, context.byte))
      memory.readAt(context.frame, context.byte, into, done, piece)
    } else if (range?.port !== undefined) {
      const offset = context.frame * PAGE_SIZE + context.byte
      piece = range.port.pieceOf(context.byte, context.length)
      result |= range.port.read(offset, piece, into, done, context)
    } else {
      piece = unansweredPiece(context)
      into.fill(0, done, done + piece)
      result |= MemTx.decodeError
    }
    done += piece
    byte += piece
    if (byte >= PAGE_SIZE) {
      frame = framesOn(frame, Math.floor(byte / PAGE_SIZE))
      byte %= PAGE_SIZE
    }
  }
  return result
}

/** Writes `from` as {@link readTransfer} reads; what nothing answers, or refuses, is dropped. */
export function writeTransfer(
  pages: PageCache,
  frame: number,
  byte: number,
  from: Uint8Array,
  context: AccessContext,
): MemTxResult {
  const total = from.length
  const { view } = pages
  let result: MemTxResult = MemTx.ok
  for (let done = 0; done < total; ) {
    context.locate(pages, view, frame, byte, total - done, Permission.write)
    const { range } = context
    let piece: number
    if (context.attrs.memory === true && range?.mappable === undefined) {
      piece = context.length
      result |= MemTx.accessError
      if (done === 0) return result
    } else if (range?.ram !== undefined) {
      piece = context.length
      // The region's own flag alone decides: a write through a read-only alias of writable RAM goes through (MR-12).
      if (!isDirect(range, true, context.attrs)) result |= MemTx.decodeError
      else {
        const { memory, writeMarks } = range.ram
        if (!memory.writeAt(context.frame, context.byte, from, done, piece)) result |= MemTx.error
        writeMarks?.mark(context.frame, context.byte, piece)
      }
    } else if (range?.romDevice !== undefined && isDirect(range, true, context.attrs)) {
      const { memory, writeMarks } = range.romDevice
      piece = Math.min(context.length, memory.bytesFrom(context.frame, context.byte))
      if (!memory.writeAt(context.frame, context.byte, from, done, piece)) result |= MemTx.error
      writeMarks?.mark(context.frame, context.byte, piece)
    } else if (range?.port !== undefined) {
      const offset = context.frame * PAGE_SIZE + context.byte
      piece = range.port.pieceOf(context.byte, context.length)
      result |= range.port.write(offset, piece, from, done, context)
    } else {
      piece = unansweredPiece(context)
      result |= MemTx.decodeError
    }
    done += piece
    byte += piece
    if (byte >= PAGE_SIZE) {
      frame = framesOn(frame, Math.floor(byte / PAGE_SIZE))
      byte %= PAGE_SIZE
    }
  }
  return result
}

/** Writes `length` times the byte `value`, in transfers of at most {@link FILL_BYTES} (RW-9). */
export function fillTransfer(
  pages: PageCache,
  frame: number,
  byte: number,
  value: number,
  length: number,
  context: AccessContext,
): MemTxResult {
  const chunk = new Uint8Array(Math.min(length, FILL_BYTES)).fill(value)
  let result: MemTxResult = MemTx.ok
  for (let left = length; left > 0; ) {
    const count = Math.min(left, FILL_BYTES)
    result |= writeTransfer(pages, frame, byte, count < chunk.length ? chunk.subarray(0, count) : chunk, context)
    left -= count
    byte += count
    if (byte >= PAGE_SIZE) {
      frame = framesOn(frame, 1)
      byte -= PAGE_SIZE
    }
  }
  return result
}

/** Writes `from` to what is memory, and leaves everything else out: no callback is called (RW-7). */
export function loadTransfer(
  pages: PageCache,
  frame: number,
  byte: number,
  from: Uint8Array,
  context: AccessContext,
): void {
  const total = from.length
  for (let done = 0; done < total; ) {
    context.locate(pages, pages.view, frame, byte, total - done, Permission.write)
    const { range } = context
    const region = range?.mappable ?? (range?.romDevice?.romMode ? range.romDevice : undefined)
    let piece: number
    if (region !== undefined) {
      piece = Math.min(context.length, region.memory.bytesFrom(context.frame, context.byte))
      region.memory.writeAt(context.frame, context.byte, from, done, piece)
      if ('writeMarks' in region) region.writeMarks?.mark(context.frame, context.byte, piece)
    } else {
      piece = range?.port?.pieceOf(context.byte, context.length) ?? unansweredPiece(context)
    }
    done += piece
    byte += piece
    if (byte >= PAGE_SIZE) {
      frame = framesOn(frame, Math.floor(byte / PAGE_SIZE))
      byte %= PAGE_SIZE
    }
  }
}

/**
 * How far a transfer goes on where nothing answers. In single accesses it would be aligned pieces of 4 bytes, of which the
 * last may reach over the beginning of what follows (LK-2); this is all of those pieces that begin before it.
 */
function unansweredPiece(context: AccessContext): number {
  const piece = pieceOf(context.byte, context.length, 0, false)
  if (piece < 4) return piece
  return Math.min(context.length - (context.length % 4), Math.ceil(context.reach / 4) * 4)
}

/** The frame that lies `frames` further on; behind the last comes the first. */
function framesOn(frame: number, frames: number): number {
  const next = frame + frames
  return next > LAST_FRAME ? next - LAST_FRAME - 1 : next
}
