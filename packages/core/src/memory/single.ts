import { PAGE_SIZE } from '../address/page-frame.ts'
import { MemTx, type MemTxResult } from './access.ts'
import { isDirect } from './access-check.ts'
import type { AccessContext } from './access-context.ts'

/**
 * Reads a number of `size` bytes from where `context` has been located into the first bytes of `context.bytes`, in the order of memory.
 *
 * It is one access of the full width: where it is not all in one piece of RAM, it goes as a whole to the registers that it begins in,
 * and RAM that ends too early refuses it (EN-4). What nothing answers, or refuses, reads 0.
 */
export function readSingle(size: number, context: AccessContext): MemTxResult {
  const { range, bytes } = context
  if (range !== undefined && context.length >= size && isDirect(range, false, context.attrs)) {
    const memory = range.ram?.memory ?? range.romDevice?.memory
    const inside = Math.min(size, memory?.bytesFrom(context.frame, context.byte) ?? 0)
    memory?.readAt(context.frame, context.byte, bytes, 0, inside)
    bytes.fill(0, inside, size)
    return MemTx.ok
  }
  if (range?.port !== undefined) {
    return range.port.read(context.frame * PAGE_SIZE + context.byte, size, bytes, 0, context)
  }
  bytes.fill(0, 0, size)
  return MemTx.decodeError
}

/** Writes the number in the first bytes of `context.bytes` as {@link readSingle} reads one. */
export function writeSingle(size: number, context: AccessContext): MemTxResult {
  const { range, bytes } = context
  if (range !== undefined && context.length >= size && isDirect(range, true, context.attrs)) {
    const region = range.ram ?? range.romDevice
    const inside = Math.min(size, region?.memory.bytesFrom(context.frame, context.byte) ?? 0)
    const written = region?.memory.writeAt(context.frame, context.byte, bytes, 0, inside)
    region?.writeMarks?.mark(context.frame, context.byte, inside)
    return written === true ? MemTx.ok : MemTx.error
  }
  if (range?.port !== undefined) {
    return range.port.write(context.frame * PAGE_SIZE + context.byte, size, bytes, 0, context)
  }
  return MemTx.decodeError
}
