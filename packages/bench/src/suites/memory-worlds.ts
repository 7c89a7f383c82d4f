import { MiB } from '@hostbridge/core/address'
import {
  type AddressSpace,
  container,
  MemorySystem,
  type MmioOps,
  mmio,
  ram,
  SparseMemory,
} from '@hostbridge/core/memory'
import { TceTable } from '@hostbridge/devices/spapr'
import { type BareAccess, bareCalls, bareLoads, bareLoadsBehind } from './bare-access.ts'
import { xorshift32 } from './random.ts'

export const PAGE = 4096

/** Pages of the RAM, all of them touched. */
const RAM_PAGES = 2 ** 16

/** Pages of the DMA window, all of them mapped to some page of the RAM. */
const WINDOW_PAGES = 2 ** 18

/** Addresses drawn unless told: their pages and table entries fit in the second-level cache, as they would not all together. */
const DRAWN = 2 ** 12

/** Follows the number of a page at its beginning. */
const MARK = 0x6d61726b

/** Something to access, and where: as many addresses as a power of two. */
export interface AccessWorld {
  readonly space: AddressSpace
  readonly addresses: readonly bigint[]
  /** The same bytes of the same memory, or the same devices, without any emulation. */
  readonly bare: BareAccess
  /** The beginnings of the same pages. */
  readonly pageAddresses: readonly bigint[]
  /** All shared memory that the RAM lies in, and where in it those pages are. */
  readonly bytes: Uint8Array
  readonly places: Float64Array
}

/** A device with one register. */
class Register implements MmioOps {
  #value: number

  constructor(value: number) {
    this.#value = value
  }

  read(offset: number): number {
    return this.#value + offset
  }

  write(_offset: number, value: number): void {
    this.#value = value
  }
}

/** A space of `count` regions of 4 KiB with a hole behind each, in no particular order. */
export function mmioWorld(count: number): AccessWorld {
  const system = new MemorySystem('bench')
  const root = container('root')
  system.begin()
  const space = system.createSpace('memory', root)
  const devices = Array.from({ length: count }, (_, index) => new Register(index))
  for (const [index, device] of devices.entries()) {
    root.add(mmio(`device ${index}`, BigInt(PAGE), device), mmioBase(index))
  }
  system.commit()
  const random = xorshift32(88172645)
  const addresses = draw(DRAWN, () => mmioBase(random() % count) + BigInt((random() % (PAGE / 4)) * 4))
  const drawn = Int32Array.from(addresses, (address) => Number((address - mmioBase(0)) / BigInt(4 * PAGE)))
  const bare = bareCalls(devices, drawn, Int32Array.from(addresses, offsetIn))
  return { space, addresses, bare, pageAddresses: [], bytes: new Uint8Array(0), places: new Float64Array(0) }
}

/** A space of 256 MiB of RAM, of which every page has been written. */
export function ramWorld(drawn: number = DRAWN): AccessWorld {
  const { space, memory } = touchedRam()
  const random = xorshift32(88172645)
  const addresses = draw(drawn, () => BigInt((random() % RAM_PAGES) * PAGE + (random() % (PAGE / 8)) * 8))
  const { words, start } = wordsOf(memory)
  const bare = bareLoads(
    words,
    Int32Array.from(addresses, (address) => start + Number(address / 4n)),
  )
  return { space, addresses, bare, pageAddresses: [], bytes: new Uint8Array(0), places: new Float64Array(0) }
}

/** The same RAM behind a TCE table with a window of 1 GiB, every page of which is mapped to a random page. */
export function dmaWorld(): AccessWorld {
  const { space: target, memory } = touchedRam()
  const random = xorshift32(2463534242)
  const table = new TceTable(0x8000_0000, target)
  const bus = target.system.createSpace('bus', table.root)
  table.enable({ pageShift: 12, busOffset: 0n, entries: WINDOW_PAGES })
  const targets = Uint32Array.from({ length: WINDOW_PAGES }, () => random() % RAM_PAGES)
  for (const [page, to] of targets.entries()) table.store(page, BigInt(to * PAGE) + 3n)
  const drawnPages = Uint32Array.from({ length: DRAWN }, () => random() % WINDOW_PAGES)
  const pageAddresses = Array.from(drawnPages, (page) => BigInt(page * PAGE))
  const addresses = pageAddresses.map((address) => address + BigInt((random() % (PAGE / 8)) * 8))
  const { words, start } = wordsOf(memory)
  const bytes = new Uint8Array(words.buffer, 0, words.byteLength)
  const places = Float64Array.from(drawnPages, (page) => start * 4 + (targets[page] as number) * PAGE)
  const within = Int32Array.from(addresses, (address) => offsetIn(address) / 4)
  const entries = table.entryWords?.words
  if (entries === undefined) throw new Error('the table does not show its entries')
  const bare = bareLoadsBehind(entries, words, start, Int32Array.from(drawnPages), within)
  return { space: bus, addresses, bare, pageAddresses, bytes, places }
}

/** Fills an array of as many addresses as a power of two. */
function draw(count: number, next: () => bigint): bigint[] {
  return Array.from({ length: count }, next)
}

/** The registers of device `index`, with a hole behind them. */
function mmioBase(index: number): bigint {
  return 0x8000_0000n + BigInt(index * 4 * PAGE)
}

function offsetIn(address: bigint): number {
  return Number(address % BigInt(PAGE))
}

/** All words of the shared memory, and at which of them the RAM begins: it lies there in one piece, by the marks that {@link touchedRam} has left. */
function wordsOf(memory: SparseMemory): { words: Int32Array<SharedArrayBuffer>; start: number } {
  const { buffer } = memory.share()
  const words = new Int32Array(buffer, 0, buffer.byteLength / 4)
  let start = 0
  while (start < words.length && (words[start] !== 0 || words[start + 1] !== MARK)) start += PAGE / 4
  for (let page = 0; page < RAM_PAGES; page++) {
    const at = start + (page * PAGE) / 4
    if (words[at] !== page || words[at + 1] !== MARK)
      throw new Error(`page ${page} of the RAM does not lie where it should`)
  }
  return { words, start }
}

function touchedRam(): { space: AddressSpace; memory: SparseMemory } {
  const region = ram('ram', 256n * MiB, { memory: new SparseMemory(256n * MiB) })
  const page = new Uint8Array(PAGE)
  const mark = new Uint32Array(page.buffer, 0, 2)
  for (let index = 0; index < RAM_PAGES; index++) {
    mark.set([index, MARK])
    region.memory.write(BigInt(index * PAGE), page)
  }
  return { space: new MemorySystem('bench').createSpace('memory', region), memory: region.memory }
}
