import { addressOf, LAST_FRAME, PAGE_SIZE, splitAddress } from '../address/page-frame.ts'
import { hex } from '../address/range.ts'
import type { MemTxAttrs } from './access.ts'
import type { AccessContext } from './access-context.ts'
import type { FlatRange } from './flat-range.ts'
import type { PageCache } from './page-cache.ts'
import { Permission, type PermissionBits } from './translator.ts'

/** The first part of an access that cannot be done. */
export interface AccessFault {
  /** Where, in the address space that was asked. */
  readonly address: bigint
  readonly code: 'not-mapped' | 'no-read' | 'no-write' | 'nothing-there' | 'refused-size'
  /** A clause with the names of the regions on the way. */
  readonly reason: string
}

/**
 * Says which part of an access would fail first, without making it (RW-8). Reads are looked at before writes.
 *
 * Pieces are aligned to addresses of the space here, while a transfer aligns them to offsets in the region: so QEMU does it.
 */
export function findFault(
  pages: PageCache,
  address: bigint,
  length: number,
  access: PermissionBits,
  context: AccessContext,
): AccessFault | undefined {
  for (const wanted of [Permission.read, Permission.write]) {
    if ((access & wanted) === 0) continue
    const fault = findFaultOf(pages, address, length, wanted, context)
    if (fault !== undefined) return fault
  }
  return undefined
}

function findFaultOf(
  pages: PageCache,
  address: bigint,
  length: number,
  wanted: PermissionBits,
  context: AccessContext,
): AccessFault | undefined {
  let { frame, offset } = splitAddress(address)
  for (let left = length; left > 0; ) {
    context.locate(pages, pages.view, frame, offset, left, wanted)
    const reach = reachOf(offset, wanted, context)
    if (reach === 0) return describe(pages, frame, offset, left, wanted, context)
    left -= reach
    offset += reach
    if (offset >= PAGE_SIZE) {
      frame = (frame + Math.floor(offset / PAGE_SIZE)) % (LAST_FRAME + 1)
      offset %= PAGE_SIZE
    }
  }
  return undefined
}

/** Whether an access goes straight to memory, without a callback (MR-4). */
export function isDirect(range: FlatRange, write: boolean, attrs: MemTxAttrs): boolean {
  if (range.ram !== undefined) return !write || attrs.debug === true || !range.ram.readonly
  return range.romDevice?.romMode === true && (!write || attrs.debug === true)
}

/** How many bytes of the place that `context` has found take the access, 0 where the first piece is refused. */
function reachOf(low: number, wanted: PermissionBits, context: AccessContext): number {
  const { range, length } = context
  const write = wanted === Permission.write
  if (range === undefined) return 0
  if (isDirect(range, write, context.attrs)) return length
  if (range.port === undefined) return 0
  const piece = range.port.pieceOf(low, length)
  return range.port.accepts(context.frame * PAGE_SIZE + context.byte, piece, write, context.attrs) ? piece : 0
}

function describe(
  pages: PageCache,
  frame: number,
  offset: number,
  length: number,
  wanted: PermissionBits,
  context: AccessContext,
): AccessFault {
  const address = addressOf(frame) + BigInt(offset)
  const way = wanted === Permission.read ? 'read' : 'write'
  const { range, stoppedBy } = context
  const inside = addressOf(context.frame) + BigInt(context.byte)
  if (stoppedBy !== undefined) {
    const name = stoppedBy.region.name
    context.locate(pages, pages.view, frame, offset, length, Permission.none)
    if (context.stoppedBy !== undefined) {
      return { address, code: 'not-mapped', reason: `'${name}' has no mapping at ${hex(inside)}` }
    }
    return { address, code: `no-${way}`, reason: `the mapping of '${name}' at ${hex(inside)} permits no ${way}` }
  }
  if (range === undefined) {
    const where = inside === address ? '' : `, which is mapped to ${hex(inside)}`
    return { address, code: 'nothing-there', reason: `nothing is at ${hex(address)}${where}` }
  }
  const place = `'${range.region.name}' at offset ${hex(inside)}`
  if (range.port !== undefined) {
    return { address, code: 'refused-size', reason: `${place} refuses a ${way} of this size or alignment` }
  }
  return { address, code: `no-${way}`, reason: `${place} permits no ${way}` }
}
