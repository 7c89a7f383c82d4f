import { HostbridgeError } from '../errors.ts'
import { ADDRESS_SPACE_SIZE, LAST_ADDRESS } from './units.ts'

/** Addresses from `start` to `last`, both inside: the whole space is `[0, 2^64 - 1]` and nothing overflows. */
export interface Range {
  readonly start: bigint
  readonly last: bigint
}

/** Every address there is. */
export const WHOLE_SPACE: Range = { start: 0n, last: LAST_ADDRESS }

/** Formats an address as the field writes it: `0x` and lower-case hex digits. */
export function hex(address: bigint | number): string {
  return address < 0 ? `-0x${(-address).toString(16)}` : `0x${address.toString(16)}`
}

/** Formats a range with both ends inside: `[0x1000, 0x1fff]`. */
export function formatRange(range: Range): string {
  return `[${hex(range.start)}, ${hex(range.last)}]`
}

/**
 * Makes the range of `size` bytes from `start`.
 *
 * @throws HostbridgeError `address.range` unless `0 <= start`, `1 <= size` and the range ends below 2^64.
 */
export function rangeOf(start: bigint, size: bigint): Range {
  if (start < 0n || size < 1n || start + size > ADDRESS_SPACE_SIZE) {
    throw new HostbridgeError(
      'address.range',
      `no range of ${hex(size)} bytes starts at ${hex(start)}: start and size must be positive and end below 2^64`,
      { start, size },
    )
  }
  return { start, last: start + size - 1n }
}

/** The number of addresses in a range, 1 to 2^64. */
export function sizeOf(range: Range): bigint {
  return range.last - range.start + 1n
}

export function contains(range: Range, address: bigint): boolean {
  return range.start <= address && address <= range.last
}

export function overlaps(a: Range, b: Range): boolean {
  return a.start <= b.last && b.start <= a.last
}

/** The addresses that are in both ranges, or `undefined` where there are none. */
export function intersect(a: Range, b: Range): Range | undefined {
  const start = a.start > b.start ? a.start : b.start
  const last = a.last < b.last ? a.last : b.last
  return start <= last ? { start, last } : undefined
}
