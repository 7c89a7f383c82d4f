import { HostbridgeError } from '@hostbridge/core'
import type { AddressSpace } from '@hostbridge/core/memory'
import { HcallStatus } from './spec/hypercalls.ts'
import { RTAS_CELL, RtasStatus } from './spec/rtas.ts'

/** What a call does: given its arguments, it returns the words that it writes, its status first. */
export type RtasHandler = (args: readonly number[], results: number) => readonly number[]

/** A call of the firmware that a guest can make. */
export interface RtasCall {
  /** As the device tree names it: `ibm,read-pci-config`. */
  readonly name: string
  /** How many arguments it takes; any number that it checks itself if left out. */
  readonly args?: number
  /** How many words a guest may ask it to return; any if left out. */
  readonly results?: readonly number[]
  /** What a call with other counts answers. */
  readonly wrongCount: number
  readonly run: RtasHandler
}

/** The most arguments, and the most results, that a call's buffer carries (LoPAR, "RTAS argument call buffer"). */
const MOST_CELLS = 16

/**
 * The run-time abstraction services of a pseries machine: calls by token, whose arguments and results are big-endian cells in
 * guest memory (rule RT-1). A guest's mistakes come back as a status; nothing it passes throws.
 */
export class Rtas {
  readonly #calls = new Map<number, RtasCall>()
  readonly #memory: () => AddressSpace | undefined

  /** `memory` gives the guest memory that buffers lie in, while there is any. */
  constructor(memory: () => AddressSpace | undefined) {
    this.#memory = memory
  }

  /** The calls that there are, by token: what the device tree's `/rtas` node lists. */
  get calls(): ReadonlyMap<number, RtasCall> {
    return this.#calls
  }

  /** Offers a call. @throws HostbridgeError `spapr.rtas-token` where another has the token. */
  register(token: number, call: RtasCall): void {
    const other = this.#calls.get(token)
    if (other !== undefined) {
      throw new HostbridgeError(
        'spapr.rtas-token',
        `'${call.name}' cannot have RTAS token 0x${token.toString(16)}: '${other.name}' has it`,
        { token, call: call.name, other: other.name },
      )
    }
    this.#calls.set(token, call)
  }

  /** H_RTAS: makes the call whose buffer lies at an address: token, number of arguments, number of results, then both. */
  hcall(buffer: bigint): number {
    const [token = 0, args = 0, results = 0] = this.#read(buffer, 3)
    const first = buffer + BigInt(3 * RTAS_CELL)
    return this.call(token, args, first, results, first + BigInt(args * RTAS_CELL))
  }

  /**
   * Makes a call with its arguments and results wherever they lie, and returns the hypercall's status. A call that fails writes
   * its status alone (RT-5); an unknown token is a parameter error of both (RT-1).
   */
  call(token: number, args: number, argsAt: bigint, results: number, resultsAt: bigint): number {
    const call = this.#calls.get(token)
    if (call === undefined) {
      this.#write(resultsAt, [RtasStatus.parameter], results)
      return HcallStatus.parameter
    }
    const counts =
      (call.args === undefined || call.args === args) &&
      (call.results === undefined || call.results.includes(results)) &&
      args <= MOST_CELLS &&
      results <= MOST_CELLS
    const words = counts ? call.run(this.#read(argsAt, args), results) : [call.wrongCount]
    this.#write(resultsAt, words, results)
    return HcallStatus.success
  }

  #read(address: bigint, count: number): number[] {
    const bytes = new Uint8Array(count * RTAS_CELL)
    this.#memory()?.read(address, bytes)
    const view = new DataView(bytes.buffer)
    return Array.from({ length: count }, (_, index) => view.getUint32(index * RTAS_CELL))
  }

  #write(address: bigint, words: readonly number[], most: number): void {
    const count = Math.min(words.length, most)
    const view = new DataView(new ArrayBuffer(count * RTAS_CELL))
    for (let index = 0; index < count; index++) view.setUint32(index * RTAS_CELL, words[index] as number)
    this.#memory()?.write(address, new Uint8Array(view.buffer))
  }
}
