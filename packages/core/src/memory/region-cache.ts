import { addressOf, PAGE_SIZE, splitAddress } from '../address/page-frame.ts'
import { hex } from '../address/range.ts'
import { HostbridgeError } from '../errors.ts'
import { MemTx, type MemTxResult, NO_ATTRS } from './access.ts'
import { AccessContext, type ContextStack } from './access-context.ts'
import type { AddressSpace } from './address-space.ts'
import { type DirectRun, directRun, locateIn, markWritten, placeIn } from './direct-run.ts'
import type { FlatRange } from './flat-range.ts'
import type { RegionReference } from './region-reference.ts'
import { Permission, type PermissionBits, type Translation } from './translator.ts'

/**
 * What lies at an address, found once and used many times, such as a ring that a device shares with its driver (BB-9).
 *
 * It keeps what it has found, whatever becomes of the map, until it is disposed of. Behind an IOMMU every page of an access is
 * translated anew.
 */
export class RegionCache {
  readonly space: AddressSpace
  readonly address: bigint
  /** Bytes that accesses may touch: as many as were asked for, or up to where the section ends, or direct memory does (BB-1). */
  readonly length: number
  /** Made to be written too; else to be read. */
  readonly writable: boolean
  readonly #contexts: ContextStack
  readonly #run: DirectRun | undefined
  readonly #section: FlatRange | undefined
  readonly #hold: RegionReference | undefined
  #open = true

  /** Made by {@link AddressSpace.cache}. */
  constructor(space: AddressSpace, contexts: ContextStack, address: bigint, length: number, writable: boolean) {
    this.space = space
    this.address = BigInt.asUintN(64, address)
    this.writable = writable
    this.#contexts = contexts
    if (!Number.isSafeInteger(length) || length < 1) throw this.#wrong(`cannot have ${length} bytes: ask for 1 or more`)
    this.#section = space.find(this.address)
    this.#hold = this.#section?.region.retainShown()
    this.#run = this.#findRun(length)
    this.length = this.#run?.length ?? Math.min(length, bytesToEnd(this.#section, this.address))
  }

  /** Whether accesses go straight to memory. */
  get direct(): boolean {
    return this.#run !== undefined
  }

  /** Reads `into.length` bytes at `offset`; what fails reads 0. @throws HostbridgeError `memory.region-cache` past the end, or when disposed of. */
  read(offset: number, into: Uint8Array): MemTxResult {
    this.#check(offset, into.length)
    const run = this.#run
    if (run === undefined) return this.#each(offset, into, false)
    const place = placeIn(run, offset)
    run.memory.readAt(place.frame, place.offset, into, 0, into.length)
    return MemTx.ok
  }

  /** Writes `from` at `offset`; what fails is dropped. @throws HostbridgeError `memory.region-cache` as {@link read}, or not writable. */
  write(offset: number, from: Uint8Array): MemTxResult {
    this.#check(offset, from.length)
    if (!this.writable) throw this.#wrong('was made to be read: make it to be written')
    const run = this.#run
    if (run === undefined) return this.#each(offset, from, true)
    const place = placeIn(run, offset)
    const complete = run.memory.writeAt(place.frame, place.offset, from, 0, from.length)
    markWritten(run, offset, from.length)
    return complete ? MemTx.ok : MemTx.error
  }

  /** Lets go of what was found. */
  [Symbol.dispose](): void {
    if (!this.#open) return
    this.#open = false
    this.#hold?.release()
  }

  /** Only memory that the space shows itself, not what an IOMMU leads to. */
  #findRun(length: number): DirectRun | undefined {
    const { address, space, writable } = this
    if (this.#section === undefined || this.#section.translator !== undefined) return undefined
    const context = new AccessContext()
    locateIn(space, context, address, length, writable)
    return directRun(space, context, address, length, writable)
  }

  /** The slow path, piece by piece; results of all pieces OR-ed. */
  #each(offset: number, bytes: Uint8Array, write: boolean): MemTxResult {
    const context = this.#contexts.enter(NO_ATTRS)
    let result: MemTxResult = MemTx.ok
    try {
      for (let done = 0; done < bytes.length; ) {
        const piece = this.#piece(offset + done, bytes.subarray(done), write, context)
        result |= piece.result
        done += piece.length
      }
      return result
    } finally {
      if (context !== undefined) this.#contexts.leave()
    }
  }

  #piece(offset: number, bytes: Uint8Array, write: boolean, context: AccessContext | undefined): Piece {
    const section = this.#section
    if (context === undefined) return refused(bytes, write, MemTx.accessError)
    if (section === undefined) return refused(bytes, write, MemTx.decodeError)
    const inside = section.offset + (this.address - section.start) + BigInt(offset)
    if (section.translator !== undefined) return translated(section, inside, bytes, write, context)
    const { port } = section
    if (port === undefined) return refused(bytes, write, MemTx.decodeError)
    const place = Number(inside)
    const length = port.pieceOf(place % PAGE_SIZE, bytes.length)
    const access = write ? port.write(place, length, bytes, 0, context) : port.read(place, length, bytes, 0, context)
    return { length, result: access }
  }

  #check(offset: number, length: number): void {
    if (!this.#open) throw this.#wrong('has been disposed of')
    if (!Number.isSafeInteger(offset) || offset < 0 || offset + length > this.length) {
      throw this.#wrong(`has ${this.length} bytes: ${length} at ${offset} are not in it`)
    }
  }

  #wrong(why: string): HostbridgeError {
    return new HostbridgeError(
      'memory.region-cache',
      `the cache at ${hex(this.address)} of '${this.space.name}' ${why}`,
      {
        space: this.space.name,
        address: this.address,
      },
    )
  }
}

/** What became of the first part of an access. */
interface Piece {
  /** Bytes, at least 1. */
  readonly length: number
  readonly result: MemTxResult
}

/** All that is left fails. */
function refused(bytes: Uint8Array, write: boolean, result: MemTxResult): Piece {
  if (!write) bytes.fill(0)
  return { length: bytes.length, result }
}

/** The part of an access that lies in one page of an IOMMU. */
function translated(
  section: FlatRange,
  inside: bigint,
  bytes: Uint8Array,
  write: boolean,
  { translation }: AccessContext,
): Piece {
  const { frame, offset } = splitAddress(inside)
  const part = bytes.subarray(0, Math.min(bytes.length, PAGE_SIZE - offset))
  const wanted = write ? Permission.write : Permission.read
  const { permission, target } = ask(section, frame, wanted, translation)
  if ((permission & wanted) === 0 || target === undefined) return refused(part, write, MemTx.decodeError)
  const address = addressOf(translation.frame) + BigInt(offset)
  return { length: part.length, result: write ? target.write(address, part) : target.read(address, part) }
}

/** What the section's IOMMU says of a page now; nothing where it says nothing. */
function ask(section: FlatRange, frame: number, wanted: PermissionBits, translation: Translation): Translation {
  translation.permission = Permission.none
  translation.target = undefined
  const { translator } = section
  translator?.translate(frame, wanted, translation, translator.attrsToIndex?.(NO_ATTRS) ?? 0)
  return translation
}

/** Bytes from an address to the end of its section; without one there is no end. */
function bytesToEnd(section: FlatRange | undefined, address: bigint): number {
  return section === undefined ? Number.POSITIVE_INFINITY : Number(section.last - address + 1n)
}
