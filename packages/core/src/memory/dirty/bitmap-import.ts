import { PAGE_SIZE } from '../../address/page-frame.ts'
import { formatRange } from '../../address/range.ts'
import { HostbridgeError } from '../../errors.ts'
import type { DirtyBlock } from './dirty-block.ts'
import type { DirtyClients } from './dirty-client.ts'

/**
 * Makes the pages dirty that a bitmap of the host names, for the clients in `mask`; returns how many of its bits were set
 * (DL-11). Bit 0 of byte 0 is the first; each stands for `pageSize` bytes, and the first for those at page `frame`.
 *
 * @throws HostbridgeError `memory.dirty-import` unless pages of the host are whole pages of 4 KiB; nothing was marked then.
 *   A bit beyond the block counts and marks nothing.
 */
export function importBitmap(
  block: DirtyBlock,
  frame: number,
  bitmap: Uint8Array,
  mask: DirtyClients,
  pageSize: number = PAGE_SIZE,
): number {
  const pages = pageSize / PAGE_SIZE
  if (!Number.isInteger(pages) || pages < 1) {
    throw new HostbridgeError(
      'memory.dirty-import',
      `a bitmap of pages of ${pageSize} bytes cannot mark ${formatRange({ start: 0n, last: BigInt(block.pages) * 4096n - 1n })}: ` +
        'give the size of pages in bytes, a multiple of 4096',
      { pageSize },
    )
  }
  let count = 0
  for (let index = 0; index < bitmap.length; index++) {
    const byte = bitmap[index] as number
    if (byte === 0) continue
    for (let bit = 0; bit < 8; bit++) {
      if ((byte & (1 << bit)) === 0) continue
      count++
      const first = frame + (index * 8 + bit) * pages
      const last = Math.min(first + pages, block.pages) - 1
      if (first <= last) block.setRange(first, last, mask)
    }
  }
  return count
}
