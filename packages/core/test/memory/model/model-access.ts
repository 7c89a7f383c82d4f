import type { ModelDevice } from './model-device.ts'
import type { ModelKind } from './model-region.ts'
import type { ModelSpace } from './model-system.ts'
import type { ModelRange } from './paint.ts'

const DECODE_ERROR = 2
const MOST_TRANSLATIONS = 32

/** Where an access arrives: the range that answers, or none, the offset there, and how far it is the same. */
interface Place {
  readonly range: ModelRange | undefined
  readonly offset: bigint
  readonly length: number
}

/** LK-1, LK-2, TE-4 to TE-6; `want` is the bit that every translation on the way must permit. */
function locate(space: ModelSpace, address: bigint, total: number, want: number): Place {
  let view = space.view
  let at = address
  let length = total
  for (let translations = 0; ; translations++) {
    const range = view.find(({ start, last }) => start <= at && at <= last)
    if (range === undefined) return { range, offset: at, length }
    const offset = at - range.start + range.offset
    if (isRam(range.region.kind)) return { range, offset, length: least(length, range.last - at + 1n) }
    const { table } = range.region
    if (table === undefined) return { range, offset, length }
    const entry = table.entries.get(offset / 4096n)
    if (translations === MOST_TRANSLATIONS || entry === undefined || (entry.permission & want) === 0) {
      return { range: undefined, offset, length }
    }
    length = least(length, 4096n - (offset % 4096n))
    at = entry.page * 4096n + (offset % 4096n)
    view = table.target.view
  }
}

/** Reads into `data`, or writes it, chunk by chunk (section 2.5), and returns all results OR-ed. */
export function transfer(space: ModelSpace, address: bigint, data: Uint8Array, write: boolean): number {
  let result = 0
  for (let done = 0; done < data.length; ) {
    const at = (address + BigInt(done)) % 2n ** 64n
    const { range, offset, length } = locate(space, at, data.length - done, write ? 2 : 1)
    const region = range?.region
    let size: number
    if (region?.kind === 'ram' && !(write && region.readonly)) {
      size = length
      for (let i = 0; i < size; i++) moveByte(region.bytes, offset + BigInt(i), data, done + i, write)
    } else if (region?.kind === 'romd' && region.romMode && !write) {
      size = least(length, region.backing - offset)
      for (let i = 0; i < size; i++) moveByte(region.bytes, offset + BigInt(i), data, done + i, false)
    } else if (region?.kind === 'ramd') {
      size = [8, 4, 2, 1].find((width) => width <= length)!
      for (let i = 0; i < size; i++) moveByte(region.bytes, offset + BigInt(i), data, done + i, write)
    } else if (region?.device !== undefined) {
      size = chunk(offset, length, region.device)
      const part = data.subarray(done, done + size)
      result |= write
        ? writeDevice(region.device, Number(offset), part)
        : readDevice(region.device, Number(offset), part)
    } else {
      size = chunk(offset, length, undefined)
      if (!write) data.fill(0, done, done + size)
      result |= DECODE_ERROR
    }
    done += size
  }
  return result
}

/** RW-8: chunks are aligned to the address of the space here. */
export function isValid(space: ModelSpace, address: bigint, total: number, access: number): boolean {
  for (const want of [1, 2].filter((bit) => (access & bit) !== 0)) {
    for (let done = 0; done < total; ) {
      const at = (address + BigInt(done)) % 2n ** 64n
      const { range, offset, length } = locate(space, at, total - done, want)
      const region = range?.region
      const isDirect =
        region?.kind === 'ram' ? want === 1 || !region.readonly : region?.kind === 'romd' && region.romMode
      if (region?.kind === 'ramd' || (isDirect && (want === 1 || region?.kind === 'ram'))) {
        done += length
        continue
      }
      if (region?.device === undefined) return false
      const size = chunk(at, length, region.device)
      if (!isAccepted(region.device, Number(offset), size, want === 2)) return false
      done += size
    }
  }
  return true
}

/** RW-2: a power of two, at most what is left, the largest valid size, and the alignment. */
function chunk(low: bigint, length: number, device: ModelDevice | undefined): number {
  const most = device?.profile.valid.max || 4
  return [8, 4, 2, 1].find((size) => {
    const aligned = device?.profile.impl.unaligned || low % BigInt(size) === 0n
    return size <= most && size <= length && aligned
  })!
}

/** VA-1. */
function isAccepted(device: ModelDevice, offset: number, size: number, write: boolean): boolean {
  const { valid } = device.profile
  if (!device.accepts(offset, size, write)) return false
  if (!valid.unaligned && offset % size !== 0) return false
  return valid.max === 0 || (valid.min <= size && size <= valid.max)
}

/** SP-1. */
function widthOf(device: ModelDevice, size: number): number {
  const { min, max } = device.profile.impl
  return Math.max(min || 1, Math.min(size, max || Math.max(4, min)))
}

function readDevice(device: ModelDevice, offset: number, into: Uint8Array): number {
  const size = into.length
  into.fill(0)
  if (!isAccepted(device, offset, size, false)) return DECODE_ERROR
  const width = widthOf(device, size)
  let value = 0n
  let result = 0
  for (let i = 0; i < size; i += width) {
    const part = device.read(offset + i, width)
    result |= device.resultAt(offset + i)
    value |= shifted(part, partShift(device, size, width, i))
  }
  // In the order of the device (EN-3).
  for (let i = 0; i < size; i++) into[device.profile.big ? size - 1 - i : i] = Number((value >> BigInt(8 * i)) & 0xffn)
  return result
}

function writeDevice(device: ModelDevice, offset: number, from: Uint8Array): number {
  const size = from.length
  if (!isAccepted(device, offset, size, true)) return DECODE_ERROR
  const width = widthOf(device, size)
  let value = 0n
  for (let i = 0; i < size; i++) value |= BigInt(from[device.profile.big ? size - 1 - i : i]!) << BigInt(8 * i)
  let result = 0
  for (let i = 0; i < size; i += width) {
    const part = shifted(value, -partShift(device, size, width, i))
    device.write(offset + i, width, BigInt.asUintN(8 * width, part))
    result |= device.resultAt(offset + i)
  }
  return result
}

/** By how many bits a part is shifted up to its place in the value (SP-2), or down where it is wider than that (SP-3). */
function partShift(device: ModelDevice, size: number, width: number, at: number): number {
  return device.profile.big ? 8 * (size - width - at) : 8 * at
}

function shifted(value: bigint, bits: number): bigint {
  return bits < 0 ? value >> BigInt(-bits) : value << BigInt(bits)
}

function moveByte(bytes: Map<bigint, number>, at: bigint, data: Uint8Array, position: number, write: boolean): void {
  if (write) bytes.set(at, data[position]!)
  else data[position] = bytes.get(at) ?? 0
}

/** Memory that ends an access with its section (LK-2, MR-3). */
function isRam(kind: ModelKind): boolean {
  return kind === 'ram' || kind === 'ramd'
}

function least(a: number, b: bigint): number {
  return BigInt(a) < b ? a : Number(b)
}
