import { LAST_FRAME, PAGE_SIZE } from '../address/page-frame.ts'
import { MemTx, type MemTxResult } from './access.ts'
import type { AccessContext } from './access-context.ts'
import { pieceOf } from './access-width.ts'
import type { FlatView } from './flat-view.ts'
import { Permission } from './translator.ts'

/**
 * Reads `into.length` bytes at byte `byte` of page `frame`, piece by piece, and returns the results of all pieces OR-ed
 * (section 2.5). What nothing answers, or refuses, reads 0. The view is used to the end even if a callback changes the map.
 */
export function readTransfer(
  view: FlatView,
  frame: number,
  byte: number,
  into: Uint8Array,
  context: AccessContext,
): MemTxResult {
  const total = into.length
  let result: MemTxResult = MemTx.ok
  for (let done = 0; done < total; ) {
    context.locate(view, frame, byte, total - done, Permission.read)
    const { range } = context
    let piece: number
    if (range?.ram !== undefined) {
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
  view: FlatView,
  frame: number,
  byte: number,
  from: Uint8Array,
  context: AccessContext,
): MemTxResult {
  const total = from.length
  let result: MemTxResult = MemTx.ok
  for (let done = 0; done < total; ) {
    context.locate(view, frame, byte, total - done, Permission.write)
    const { range } = context
    let piece: number
    if (range?.ram !== undefined) {
      piece = context.length
      // The region's own flag alone decides: a write through a read-only alias of writable RAM goes through (MR-12).
      if (range.ram.readonly) result |= MemTx.decodeError
      else {
        const { memory, writeMarks } = range.ram
        if (!memory.writeAt(context.frame, context.byte, from, done, piece)) result |= MemTx.error
        writeMarks?.mark(context.frame, context.byte, piece)
      }
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
