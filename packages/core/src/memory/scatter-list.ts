import { HostbridgeError } from '../errors.ts'
import { MemTx, type MemTxAttrs, type MemTxResult, NO_ATTRS } from './access.ts'
import type { AddressSpace } from './address-space.ts'

/** A stretch of memory in a {@link ScatterList}. */
export interface ScatterEntry {
  readonly address: bigint
  /** Bytes. */
  readonly length: number
}

/** How a transfer over a {@link ScatterList} went. */
export interface ScatterResult {
  /** The results of all entries OR-ed. */
  readonly result: MemTxResult
  /** Bytes of the list that the buffer was too short for. */
  readonly residual: number
}

/**
 * Stretches of an address space that a device reads or writes as if they were one (RW-10).
 *
 * A transfer moves as much as both the buffer and the list have, and goes on after an error. It needs no barrier before
 * it: one thread owns a machine, so an access sees all that were made before.
 */
export class ScatterList {
  readonly space: AddressSpace
  readonly #entries: ScatterEntry[] = []
  #length = 0

  constructor(space: AddressSpace) {
    this.space = space
  }

  get entries(): readonly ScatterEntry[] {
    return this.#entries
  }

  /** Bytes of all entries together. */
  get length(): number {
    return this.#length
  }

  /** Adds a stretch at the end; it is not looked at before a transfer comes to it. */
  add(address: bigint, length: number): this {
    if (!Number.isSafeInteger(length) || length < 0) {
      throw new HostbridgeError(
        'memory.scatter-list',
        `a list in '${this.space.name}' cannot take ${length} bytes: give an integer of 0 or more`,
        { space: this.space.name, address, length },
      )
    }
    this.#entries.push({ address, length })
    this.#length += length
    return this
  }

  /** Reads memory into `into`, as a transfer to a device does. What fails reads 0; what the list does not fill stays as it is. */
  read(into: Uint8Array, attrs: MemTxAttrs = NO_ATTRS): ScatterResult {
    return this.#each(into, (address, part) => this.space.read(address, part, attrs))
  }

  /** Writes `from` to memory, as a transfer from a device does. */
  write(from: Uint8Array, attrs: MemTxAttrs = NO_ATTRS): ScatterResult {
    return this.#each(from, (address, part) => this.space.write(address, part, attrs))
  }

  #each(bytes: Uint8Array, move: (address: bigint, part: Uint8Array) => MemTxResult): ScatterResult {
    const total = Math.min(bytes.length, this.#length)
    let result: MemTxResult = MemTx.ok
    let done = 0
    for (const { address, length } of this.#entries) {
      if (done === total) break
      const count = Math.min(length, total - done)
      result |= move(address, bytes.subarray(done, done + count))
      done += count
    }
    return { result, residual: this.#length - done }
  }
}
