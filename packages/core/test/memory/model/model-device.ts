import type { MmioOps } from '../../../src/memory/index.ts'

/** Sizes 0 stand for those that are left out. */
interface Width {
  readonly min: number
  readonly max: number
  readonly unaligned: boolean
}

/** How a device wants to be accessed: valid and implemented sizes, its byte order, and what it refuses. */
export interface Profile {
  readonly big: boolean
  readonly valid: Width
  readonly impl: Width
  readonly picky: boolean
}

function profile(big: boolean, valid: Partial<Width>, impl: Partial<Width>, picky = false): Profile {
  const none = { min: 0, max: 0, unaligned: false }
  return { big, valid: { ...none, ...valid }, impl: { ...none, ...impl }, picky }
}

export const PROFILES: readonly Profile[] = [
  profile(false, {}, {}),
  profile(true, {}, {}),
  profile(false, { min: 2, max: 8 }, { max: 8 }),
  profile(true, { max: 8 }, { max: 8, unaligned: true }),
  profile(false, { max: 4, unaligned: true }, { min: 4, max: 4 }),
  profile(true, { min: 1, max: 8, unaligned: true }, { min: 4, max: 4, unaligned: true }),
  profile(true, { max: 8 }, { max: 2 }),
  profile(false, { min: 4, max: 4 }, { min: 8, max: 8 }, true),
]

/** What a register holds: different for every offset and size. */
function valueAt(offset: number, size: number): bigint {
  const mixed = BigInt(offset + 1) * 0x9e3779b97f4a7c15n + BigInt(size)
  return BigInt.asUintN(8 * size, mixed ^ (mixed >> 23n))
}

/** A device without state: whatever is written to it is only noted. */
export class ModelDevice {
  readonly name: string
  readonly profile: Profile
  readonly #log: string[]

  constructor(name: string, profile: Profile, log: string[]) {
    this.name = name
    this.profile = profile
    this.#log = log
  }

  accepts(offset: number, size: number, write: boolean): boolean {
    return !this.profile.picky || (offset + size + (write ? 1 : 0)) % 3 !== 0
  }

  read(offset: number, size: number): bigint {
    this.#log.push(`read ${this.name} ${offset.toString(16)} ${size}`)
    return valueAt(offset, size)
  }

  write(offset: number, size: number, value: bigint): void {
    this.#log.push(`write ${this.name} ${offset.toString(16)} ${size} ${value.toString(16)}`)
  }

  /** Every seventh register fails (SP-4). */
  resultAt(offset: number): number {
    return offset % 7 === 6 ? 1 : 0
  }

  /** The same device for the real memory system. */
  toOps(): MmioOps {
    const { big, valid, impl, picky } = this.profile
    return {
      endianness: big ? 'big' : 'little',
      valid: sizesOf(valid),
      impl: sizesOf(impl),
      ...(picky && { accepts: (offset, size, write) => this.accepts(offset, size, write) }),
      read: (offset, size, access) => {
        access.result = this.resultAt(offset)
        return Number(this.read(offset, size))
      },
      write: (offset, value, size) => {
        this.write(offset, size, BigInt(value))
        return this.resultAt(offset)
      },
      read64: (offset, access) => {
        access.result = this.resultAt(offset)
        return this.read(offset, 8)
      },
      write64: (offset, value) => {
        this.write(offset, 8, value)
        return this.resultAt(offset)
      },
    }
  }
}

function sizesOf({ min, max, unaligned }: Width): NonNullable<MmioOps['valid']> {
  type Size = 1 | 2 | 4 | 8
  return { ...(min > 0 && { min: min as Size }), ...(max > 0 && { max: max as Size }), unaligned }
}
