import { rangeOf } from '@hostbridge/core/address'
import type { AddressSpace } from '@hostbridge/core/memory'
import { allOnes, type ConfigAccess, type FirmwareWindows } from '../pci/index.ts'
import type { BridgeWindows } from './bridge-windows.ts'
import type { Hypercalls } from './hypercalls.ts'
import { Hcall, HcallStatus } from './spec/hypercalls.ts'
import { RTAS_CELL, RtasStatus, RtasToken } from './spec/rtas.ts'

/** What a guest needs to make configuration accesses by firmware calls. */
export interface RtasConfigOptions {
  readonly hypercalls: Hypercalls
  /** The bridge's bus unit id. */
  readonly buid: bigint
  /** The guest's memory, and where in it the 44 bytes of a call's buffer are. */
  readonly memory: AddressSpace
  readonly buffer: bigint
}

/** Token, counts, and the arguments of a call. */
const READ = { arguments: 4, results: 2 } as const
const WRITE = { arguments: 5, results: 1 } as const

/** Configuration accesses as a pseries guest makes them: `ibm,read-pci-config` and `ibm,write-pci-config` (RT-3), by H_RTAS. */
export class RtasConfigAccess implements ConfigAccess {
  readonly #hypercalls: Hypercalls
  readonly #memory: AddressSpace
  readonly #high: number
  readonly #low: number
  /** Addresses of the cells of the buffer. */
  readonly #cells: readonly bigint[]
  readonly #call: readonly [bigint]

  constructor({ hypercalls, buid, memory, buffer }: RtasConfigOptions) {
    this.#hypercalls = hypercalls
    this.#memory = memory
    this.#high = Number(buid >> 32n)
    this.#low = Number(buid & 0xffff_ffffn)
    const cells = 3 + WRITE.arguments + WRITE.results
    this.#cells = Array.from({ length: cells + 2 }, (_, cell) => buffer + BigInt(cell * RTAS_CELL))
    this.#call = [buffer]
  }

  read(address: number, offset: number, size: number): number {
    this.#begin(RtasToken.ibmReadPciConfig, READ, address, offset, size)
    const first = 3 + READ.arguments
    return this.#made(first) ? this.#get(first + 1) : allOnes(size)
  }

  write(address: number, offset: number, size: number, value: number): void {
    this.#begin(RtasToken.ibmWritePciConfig, WRITE, address, offset, size)
    this.#put(7, value)
    this.#made(3 + WRITE.arguments)
  }

  #begin(token: number, counts: typeof READ | typeof WRITE, address: number, offset: number, size: number): void {
    const place = ((offset & 0xf00) << 20) | (address << 8) | (offset & 0xff)
    for (const [cell, word] of [
      token,
      counts.arguments,
      counts.results,
      place >>> 0,
      this.#high,
      this.#low,
      size,
    ].entries()) {
      this.#put(cell, word)
    }
  }

  /** Makes the call; whether it has succeeded. */
  #made(status: number): boolean {
    const hcall = this.#hypercalls.hcall(Hcall.rtas, this.#call)
    return hcall.status === HcallStatus.success && this.#get(status) === RtasStatus.success
  }

  #put(cell: number, word: number): void {
    this.#memory.store32(this.#cells[cell] as bigint, word, 'big')
  }

  #get(cell: number): number {
    return this.#memory.load32(this.#cells[cell] as bigint, 'big')
  }
}

/** The addresses of a bridge's bus that firmware gives to BARs. */
export function firmwareWindows({ all }: BridgeWindows): FirmwareWindows {
  const kinds = { 1: 'io', 2: 'memory32', 3: 'memory64' } as const
  return Object.fromEntries(all.map(({ kind, bus, size }) => [kinds[kind], rangeOf(bus, size)]))
}
