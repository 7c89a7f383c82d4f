import { type AddressSpace, type FlatRange, MemTx, type MmioOps } from '../../src/memory/index.ts'
import type { PagedTranslator } from './paged-translator.ts'

const WHOLE = 2n ** 64n

/** Where a byte of a space is in the end, as rules LK-1 and TE-4 to TE-6 say it, with a linear search. */
interface Place {
  readonly range: FlatRange | undefined
  /** Offset in the region; the address in the space where there is none. */
  readonly offset: bigint
  /** How many of the bytes asked for lie in the same page of every IOMMU on the way. */
  readonly left: number
}

function placeOf(space: AddressSpace, address: bigint, length: number, wanted: number): Place {
  const range = space.flatView.ranges.find(({ start, last }) => start <= address && address <= last)
  const offset = range === undefined ? address : address - range.start + range.offset
  if (range?.translator === undefined) return { range, offset, left: length }
  const page = offset >> 12n
  const out = { permission: 0, frame: 0, shift: 12, target: undefined as AddressSpace | undefined }
  const translator = range.translator as PagedTranslator
  translator.translate(Number(page), wanted, out)
  const left = Math.min(length, 0x1000 - Number(offset & 0xfffn))
  if ((out.permission & wanted) === 0 || out.target === undefined) return { range: undefined, offset, left }
  return placeOf(out.target, BigInt(out.frame) * 0x1000n + (offset & 0xfffn), left, wanted)
}

export interface Outcome {
  readonly result: number
  readonly bytes: readonly number[]
}

/** One load of `size` bytes as EN-4 says, byte by byte; a device answers `device(offset, size)` in its own order. */
export function naiveLoad(
  space: AddressSpace,
  address: bigint,
  size: number,
  device: (range: FlatRange, offset: bigint, size: number) => Outcome,
): Outcome {
  const zeros = Array.from({ length: size }, () => 0)
  const { range, offset, left } = placeOf(space, address % WHOLE, size, 1)
  if (range === undefined) return { result: MemTx.decodeError, bytes: zeros }
  if (range.port !== undefined) return device(range, offset, size)
  if (range.ram === undefined) return { result: MemTx.decodeError, bytes: zeros }
  const end = range.offset + range.size
  if (left < size || offset + BigInt(size) > end) return { result: MemTx.decodeError, bytes: zeros }
  const bytes = new Uint8Array(size)
  range.ram.memory.read(offset, bytes)
  return { result: MemTx.ok, bytes: [...bytes] }
}

/** What registers with given sizes and order answer, by rules VA-1 to VA-3 and SP-1 to SP-4, in bytes of memory. */
export function naiveDevice(
  ops: MmioOps,
  content: (offset: number, size: number) => bigint,
  offset: number,
  size: number,
): Outcome {
  const zeros = Array.from({ length: size }, () => 0)
  const { min = 0, max = 0, unaligned = false } = ops.valid ?? {}
  if (!unaligned && offset % size !== 0) return { result: MemTx.decodeError, bytes: zeros }
  if (max !== 0 && (size < min || size > max)) return { result: MemTx.decodeError, bytes: zeros }
  const implMin = ops.impl?.min ?? 1
  const implMax = ops.impl?.max ?? 4
  const access = Math.min(Math.max(size, implMin), Math.max(implMax, implMin))
  let value = 0n
  const big = ops.endianness === 'big'
  for (let at = 0; at < size; at += access) {
    const part = content(offset + at, access) & ((1n << BigInt(8 * access)) - 1n)
    const shift = big ? 8 * (size - access - at) : 8 * at
    value |= shift >= 0 ? part << BigInt(shift) : part >> BigInt(-shift)
  }
  const bytes = Array.from({ length: size }, (_, i) => Number((value >> BigInt(8 * i)) & 0xffn))
  return { result: MemTx.ok, bytes: big ? bytes.reverse() : bytes }
}

/** The number that bytes of memory are, in an order. */
export function numberOf(bytes: readonly number[], order: 'little' | 'big'): bigint {
  const ordered = order === 'little' ? [...bytes].reverse() : bytes
  return ordered.reduce((value, byte) => (value << 8n) | BigInt(byte), 0n)
}
