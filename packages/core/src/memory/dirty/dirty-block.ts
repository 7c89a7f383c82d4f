import { frameOf, PAGE_SIZE } from '../../address/page-frame.ts'
import { SparseBitmap } from '../sparse-bitmap.ts'
import { DirtyClient, type DirtyClients, type OneDirtyClient } from './dirty-client.ts'

/** Pages are copied and cleared in groups of 64, the bits of one machine word (DL-5). */
const GROUP = 64

/** Is told of clean pages with translated code that are about to be written. */
export type DropCode = (firstFrame: number, lastFrame: number) => void

/**
 * The dirty bitmaps of a block of RAM: one bit a page of 4 KiB and client.
 *
 * New memory is dirty for everybody (DL-3), which costs nothing: bits take memory only where pages differ.
 */
export class DirtyBlock {
  #pages: number
  #vga: SparseBitmap
  #code: SparseBitmap
  #migration: SparseBitmap
  readonly #maskOf: () => DirtyClients
  /** What a translator of code wants to know; its pages are marked by itself (DL-4). */
  dropCode: DropCode | undefined = undefined

  /** `size` is 1 to 2^64 bytes; `maskOf` says for whom {@link mark} notes what is written. */
  constructor(size: bigint, maskOf: () => DirtyClients) {
    this.#maskOf = maskOf
    this.#pages = frameOf(size - 1n) + 1
    this.#vga = new SparseBitmap(this.#pages, true)
    this.#code = new SparseBitmap(this.#pages, true)
    this.#migration = new SparseBitmap(this.#pages, true)
  }

  /** Pages of 4 KiB, of which the last may be a part. */
  get pages(): number {
    return this.#pages
  }

  /** Bytes that the bits of all clients take. */
  get committedBytes(): number {
    return this.#vga.committedBytes + this.#code.committedBytes + this.#migration.committedBytes
  }

  /** The bits of one client, to read. */
  bits(client: OneDirtyClient): SparseBitmap {
    if (client === DirtyClient.vga) return this.#vga
    return client === DirtyClient.code ? this.#code : this.#migration
  }

  /** Notes that `length` bytes from byte `byte` of page `frame` on are written, at least 1 (DL-4). */
  mark(frame: number, byte: number, length: number): void {
    const mask = this.#maskOf()
    if (mask === DirtyClient.none) return
    const last = frame + Math.floor((byte + length - 1) / PAGE_SIZE)
    if ((mask & DirtyClient.code) !== 0 && !this.#code.all(frame, last)) this.dropCode?.(frame, last)
    for (let page = frame; page <= last; page++) {
      if ((mask & DirtyClient.vga) !== 0) this.#vga.set(page)
      if ((mask & DirtyClient.migration) !== 0) this.#migration.set(page)
    }
  }

  /** Makes pages dirty for the clients in `mask`. */
  setRange(first: number, last: number, mask: DirtyClients): void {
    for (const bits of this.#each(mask)) bits.setRange(first, last)
  }

  /** Makes pages clean for the clients in `mask`. */
  clearRange(first: number, last: number, mask: DirtyClients): void {
    for (const bits of this.#each(mask)) bits.clearRange(first, last)
  }

  /** Makes pages clean for one client; whether any of them was dirty (DL-7). */
  testAndClear(first: number, last: number, client: OneDirtyClient): boolean {
    const bits = this.bits(client)
    if (!bits.any(first, last)) return false
    bits.clearRange(first, last)
    return true
  }

  /**
   * Copies and clears the pages of one client, in whole groups of 64: the neighbours in the first and the last group lose
   * their bit too (DL-5).
   */
  takeGroups(first: number, last: number, client: OneDirtyClient): SparseBitmap {
    const low = first - (first % GROUP)
    const high = Math.min(last - (last % GROUP) + GROUP, this.#pages) - 1
    const bits = this.bits(client)
    const taken = bits.copy(low, high)
    bits.clearRange(low, high)
    return taken
  }

  /** Gives the block another size; all of it is dirty for everybody then (DL-3). */
  resize(size: bigint): void {
    this.#pages = frameOf(size - 1n) + 1
    this.#vga = new SparseBitmap(this.#pages, true)
    this.#code = new SparseBitmap(this.#pages, true)
    this.#migration = new SparseBitmap(this.#pages, true)
  }

  #each(mask: DirtyClients): SparseBitmap[] {
    const bitmaps: SparseBitmap[] = []
    if ((mask & DirtyClient.vga) !== 0) bitmaps.push(this.#vga)
    if ((mask & DirtyClient.code) !== 0) bitmaps.push(this.#code)
    if ((mask & DirtyClient.migration) !== 0) bitmaps.push(this.#migration)
    return bitmaps
  }
}
