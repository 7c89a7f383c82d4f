import { HostbridgeError } from '../errors.ts'
import { MemTx, type MemTxAttrs, type MemTxResult } from './access.ts'
import { type AccessWidth, pieceOf, widthOf } from './access-width.ts'
import type { MmioHooks, MmioWatch, ReentrancyGuard } from './mmio-hooks.ts'
import type { MmioAccess, MmioOps } from './mmio-ops.ts'

// One value on its way between bytes and a callback. Used between callbacks only, so nested accesses may share it.
const bytes = new Uint8Array(8)
const view = new DataView(bytes.buffer)

/**
 * The way from bytes on the bus to a device's callbacks: validity, splitting, widening and byte order (sections 2.2 to 2.4).
 *
 * On the bus a value has the device's byte order (EN-3). So a split access is its bytes, part by part, and a widened one
 * its bytes followed by zeros, in both orders alike: the first bytes are the low end of a little-endian value and the high
 * end of a big-endian one (SP-2, SP-3).
 */
export class MmioPort {
  readonly ops: MmioOps
  /** Whether values are little-endian on the bus. */
  little: boolean
  /**
   * Sizes, OR-ed, of aligned accesses that reach a callback as they are: valid for every offset, neither split nor widened, and
   * without hooks and watch. Such an access may go through {@link load} and {@link store}.
   */
  plain = 0
  readonly #plainSizes: number
  #hooks: MmioHooks | undefined
  #guard: ReentrancyGuard | undefined
  #watch: MmioWatch | undefined
  readonly #valid: AccessWidth
  readonly #implUnaligned: boolean
  readonly #implMin: number
  readonly #implMax: number

  /** @throws HostbridgeError `memory.mmio-ops` where sizes contradict each other or 8-byte callbacks are missing. */
  constructor(name: string, ops: MmioOps) {
    this.ops = ops
    this.#valid = widthOf(ops.valid)
    const impl = widthOf(ops.impl)
    this.#implUnaligned = impl.unaligned
    this.#implMin = impl.min || 1
    this.#implMax = impl.max || Math.max(4, this.#implMin)
    this.little = ops.endianness !== 'big'
    this.#check(name)
    this.#plainSizes = this.#findPlainSizes()
    this.plain = this.#plainSizes
  }

  /** Who watches the accesses to these registers. */
  get hooks(): MmioHooks | undefined {
    return this.#hooks
  }

  set hooks(hooks: MmioHooks | undefined) {
    this.#hooks = hooks
    this.#settlePlain()
  }

  /** The guard of the device that these registers belong to. */
  get guard(): ReentrancyGuard | undefined {
    return this.#guard
  }

  set guard(guard: ReentrancyGuard | undefined) {
    this.#guard = guard
  }

  /** Is told of every access that the bus makes, before the callbacks are; for traces. */
  get watch(): MmioWatch | undefined {
    return this.#watch
  }

  set watch(watch: MmioWatch | undefined) {
    this.#watch = watch
    this.#settlePlain()
  }

  /** Says which order `native` is (EN-1). */
  settleOrder(native: 'little' | 'big'): void {
    if (this.ops.endianness === 'native') this.little = native === 'little'
  }

  /** Makes a {@link plain} read and returns the number as the device has it; its result is that of `access`. */
  load(offset: number, size: number, access: MmioAccess): number {
    access.result = MemTx.ok
    const value =
      this.#guard === undefined
        ? this.ops.read(offset, size, access)
        : this.#readGuarded(this.#guard, offset, size, access)
    return size === 4 ? value >>> 0 : size === 2 ? value & 0xffff : value & 0xff
  }

  /** Makes a {@link plain} write of a number as the device has it. */
  store(offset: number, size: number, value: number, access: MmioAccess): MemTxResult {
    access.result = MemTx.ok
    const guard = this.#guard
    if (guard === undefined) return (this.ops.write(offset, value, size, access) ?? MemTx.ok) | access.result
    if (guard.engaged) return MemTx.accessError
    guard.engaged = true
    try {
      return (this.ops.write(offset, value, size, access) ?? MemTx.ok) | access.result
    } finally {
      guard.engaged = false
    }
  }

  #readGuarded(guard: ReentrancyGuard, offset: number, size: number, access: MmioAccess): number {
    if (guard.engaged) {
      access.result = MemTx.accessError
      return 0
    }
    guard.engaged = true
    try {
      return this.ops.read(offset, size, access)
    } finally {
      guard.engaged = false
    }
  }

  /** How many of `length` bytes the next single access takes; `low` as in {@link pieceOf}. */
  pieceOf(low: number, length: number): number {
    return pieceOf(low, length, this.#valid.max, this.#implUnaligned)
  }

  /** Whether the bus lets a single access through (VA-1). */
  accepts(offset: number, size: number, write: boolean, attrs: MemTxAttrs): boolean {
    if (this.ops.accepts !== undefined && !this.ops.accepts(offset, size, write, attrs)) return false
    const valid = this.#valid
    if (!valid.unaligned && (offset & (size - 1)) !== 0) return false
    return valid.max === 0 || (size >= valid.min && size <= valid.max)
  }

  /** Makes one access of `size` bytes; a refused one delivers zeros (VA-3). */
  read(offset: number, size: number, into: Uint8Array, position: number, access: MmioAccess): MemTxResult {
    this.#hooks?.flush?.()
    if (this.#watch !== undefined) this.#watch(false, offset, size)
    if (!this.accepts(offset, size, false, access.attrs)) {
      for (let i = 0; i < size; i++) into[position + i] = 0
      return MemTx.decodeError
    }
    const guard = this.#guard
    if (guard === undefined) return this.#readParts(offset, size, into, position, access)
    if (guard.engaged) {
      for (let i = 0; i < size; i++) into[position + i] = 0
      return MemTx.accessError
    }
    guard.engaged = true
    try {
      return this.#readParts(offset, size, into, position, access)
    } finally {
      guard.engaged = false
    }
  }

  /** Makes one access of `size` bytes; a refused one is dropped (VA-3). */
  write(offset: number, size: number, from: Uint8Array, position: number, access: MmioAccess): MemTxResult {
    const guard = this.#guard
    const hooks = this.#hooks
    hooks?.flush?.()
    if (this.#watch !== undefined) this.#watch(true, offset, size)
    if (!this.accepts(offset, size, true, access.attrs)) return MemTx.decodeError
    if (hooks?.take !== undefined && this.#isTaken(hooks, offset, size, from, position, access)) return MemTx.ok
    if (guard === undefined) return this.#writeParts(offset, size, from, position, access)
    if (guard.engaged) return MemTx.accessError
    guard.engaged = true
    try {
      return this.#writeParts(offset, size, from, position, access)
    } finally {
      guard.engaged = false
    }
  }

  /** Offers the whole value, in the order of the device (EN-2). */
  #isTaken(
    hooks: MmioHooks,
    offset: number,
    size: number,
    from: Uint8Array,
    position: number,
    access: MmioAccess,
  ): boolean {
    for (let i = 0; i < 8; i++) bytes[i] = 0
    const { little } = this
    for (let i = 0; i < size; i++) bytes[little ? i : 8 - size + i] = from[position + i] as number
    const low = view.getUint32(little ? 0 : 4, little)
    const high = view.getUint32(little ? 4 : 0, little)
    return hooks.take?.(offset, size, low, high, access.attrs) ?? false
  }

  #readParts(offset: number, size: number, into: Uint8Array, position: number, access: MmioAccess): MemTxResult {
    const part = this.#partOf(size)
    let result: MemTxResult = MemTx.ok
    for (let done = 0; done < size; done += part) {
      access.result = MemTx.ok
      this.#readPart(offset + done, part, access)
      result |= access.result
      const count = part < size ? part : size
      for (let i = 0; i < count; i++) into[position + done + i] = bytes[i] as number
    }
    return result
  }

  #writeParts(offset: number, size: number, from: Uint8Array, position: number, access: MmioAccess): MemTxResult {
    const part = this.#partOf(size)
    let result: MemTxResult = MemTx.ok
    for (let done = 0; done < size; done += part) {
      for (let i = 0; i < part; i++) bytes[i] = i < size ? (from[position + done + i] as number) : 0
      access.result = MemTx.ok
      result |= this.#writePart(offset + done, part, access) | access.result
    }
    return result
  }

  #settlePlain(): void {
    this.plain = this.#hooks === undefined && this.#watch === undefined ? this.#plainSizes : 0
  }

  #findPlainSizes(): number {
    if (this.ops.accepts !== undefined) return 0
    const { min, max } = this.#valid
    let sizes = 0
    for (const size of [1, 2, 4]) {
      const valid = max === 0 || (size >= min && size <= max)
      if (valid && this.#partOf(size) === size) sizes |= size
    }
    return sizes
  }

  #partOf(size: number): number {
    return size < this.#implMin ? this.#implMin : size > this.#implMax ? this.#implMax : size
  }

  #readPart(offset: number, part: number, access: MmioAccess): void {
    if (part === 8) {
      view.setBigUint64(0, (this.ops.read64 as NonNullable<MmioOps['read64']>)(offset, access), this.little)
      return
    }
    const value = this.ops.read(offset, part, access)
    if (part === 4) view.setUint32(0, value, this.little)
    else if (part === 2) view.setUint16(0, value, this.little)
    else bytes[0] = value
  }

  #writePart(offset: number, part: number, access: MmioAccess): MemTxResult {
    const { little } = this
    if (part === 8) return this.ops.write64?.(offset, view.getBigUint64(0, little), access) ?? MemTx.ok
    const value = part === 4 ? view.getUint32(0, little) : part === 2 ? view.getUint16(0, little) : (bytes[0] as number)
    return this.ops.write(offset, value, part, access) ?? MemTx.ok
  }

  #check(name: string): void {
    const { min, max } = this.#valid
    const sizes = [min, max, this.#implMin, this.#implMax]
    if (
      !sizes.every((size) => [0, 1, 2, 4, 8].includes(size)) ||
      (max !== 0 && min > max) ||
      this.#implMin > this.#implMax
    ) {
      throw new HostbridgeError(
        'memory.mmio-ops',
        `the registers of '${name}' have access sizes valid ${min} to ${max}, impl ${this.#implMin} to ${this.#implMax}: use 1, 2, 4 or 8, min <= max`,
        { region: name, valid: this.ops.valid, impl: this.ops.impl },
      )
    }
    if (this.#implMax === 8 && (this.ops.read64 === undefined || this.ops.write64 === undefined)) {
      throw new HostbridgeError(
        'memory.mmio-ops',
        `the registers of '${name}' take accesses of 8 bytes but have no read64 and write64: add them, or set impl.max to 4`,
        { region: name, impl: this.ops.impl },
      )
    }
  }
}
