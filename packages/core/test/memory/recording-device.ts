import type { MmioAccess, MmioOps } from '../../src/memory/index.ts'

/** Registers that log every call and answer reads from a function; `fail` gives the result of a call. */
export class RecordingDevice implements MmioOps {
  readonly log: string[] = []
  readonly endianness?: 'little' | 'big'
  readonly valid?: NonNullable<MmioOps['valid']>
  readonly impl?: NonNullable<MmioOps['impl']>
  answer: (offset: number, size: number) => bigint = () => 0n
  fail: (offset: number) => number = () => 0

  constructor(options: Pick<MmioOps, 'endianness' | 'valid' | 'impl'> = {}) {
    Object.assign(this, options)
  }

  read(offset: number, size: number, access: MmioAccess): number {
    this.log.push(`read ${offset.toString(16)} ${size}`)
    access.result = this.fail(offset)
    return Number(this.answer(offset, size))
  }

  write(offset: number, value: number, size: number): number {
    this.log.push(`write ${offset.toString(16)} ${size} ${value.toString(16)}`)
    return this.fail(offset)
  }

  read64(offset: number, access: MmioAccess): bigint {
    this.log.push(`read ${offset.toString(16)} 8`)
    access.result = this.fail(offset)
    return this.answer(offset, 8)
  }

  write64(offset: number, value: bigint): number {
    this.log.push(`write ${offset.toString(16)} 8 ${value.toString(16)}`)
    return this.fail(offset)
  }

  /** Empties the log and returns what was in it. */
  take(): string[] {
    return this.log.splice(0)
  }
}
