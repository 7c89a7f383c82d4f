import { GiB, hex, KiB, MiB } from '@hostbridge/core/address'
import { Machine } from '@hostbridge/core/machine'
import { type AddressSpace, formatSize, MemTx, ram } from '@hostbridge/core/memory'
import { DmaEngine } from '@hostbridge/devices/endpoints'
import { Hcall, PAGE_SIZE_BITS, RtasToken, SpaprHostBridge } from '@hostbridge/devices/spapr'
import { Host, Type1Iommu, VfioPciDevice } from '@hostbridge/devices/vfio'

/*
 * How Linux takes a pseries bus over when a driver can use 64-bit addresses: it asks the firmware what windows there may be, has one
 * made with the largest pages, maps all of its memory there once and for all, and gives the default window back. From then on no DMA needs a
 * hypercall: a bus address is a physical address plus the window's. A card is passed through meanwhile, and its host follows.
 */

const MEMORY: bigint = 8n * GiB

/** Where the guest keeps the buffer of its firmware calls, and a list of entries. */
const BUFFER = 0x1_0000n
const LIST = 0x2_0000n

/** Entries that one H_PUT_TCE_INDIRECT carries at most, and what they permit. */
const LIST_ENTRIES = 512
const READ_WRITE = 3n

interface Parts {
  readonly machine: Machine
  readonly phb: SpaprHostBridge
  readonly host: Host
  readonly card: DmaEngine
}

export function build(): Machine {
  return compose().machine
}

function compose(): Parts {
  const host = new Host({ iommu: new Type1Iommu({ pageSizes: [4n * KiB, 2n * MiB, 1n * GiB] }) })
  const card = host.plug('0000:01:00.0', new DmaEngine())
  const machine = new Machine('pseries')
  machine.map(0n, ram('ram', MEMORY))
  const phb = machine.plug(new SpaprHostBridge({ index: 0 }))
  phb.plug('00:01.0', new VfioPciDevice(card))
  return { machine, phb, host, card }
}

/** Makes a firmware call and returns what it has left in its result cells. */
function rtas({ machine, phb }: Parts, token: number, args: readonly number[], results: number): number[] {
  const { space } = machine
  const cells = [token, args.length, results, ...args]
  for (const [index, cell] of cells.entries()) space.store32(cellAt(index), cell, 'big')
  phb.hypercalls.hcall(Hcall.rtas, [BUFFER])
  const returned = Array.from({ length: results }, (_, index) => space.load32(cellAt(cells.length + index), 'big'))
  if (returned[0] !== 0) throw new Error(`the call of token ${hex(token)} has failed with status ${returned[0]}`)
  return returned
}

function cellAt(index: number): bigint {
  return BUFFER + BigInt(4 * index)
}

/** Maps all of memory from a window's first address on, as many entries at a time as a list holds; returns how many calls it took. */
function mapMemory({ machine, phb }: Parts, liobn: number, start: bigint, pageShift: number): number {
  const pages = Number(MEMORY >> BigInt(pageShift))
  let calls = 0
  for (let page = 0; page < pages; page += LIST_ENTRIES, calls++) {
    const count = Math.min(LIST_ENTRIES, pages - page)
    for (let entry = 0; entry < count; entry++) {
      const tce = (BigInt(page + entry) << BigInt(pageShift)) | READ_WRITE
      machine.space.store64(LIST + BigInt(8 * entry), tce, 'big')
    }
    const ioba = start + (BigInt(page) << BigInt(pageShift))
    const { status } = phb.hypercalls.hcall(Hcall.putTceIndirect, [BigInt(liobn), ioba, LIST, BigInt(count)])
    if (status !== 0) throw new Error(`H_PUT_TCE_INDIRECT has failed with status ${status}`)
  }
  return calls
}

/** Whether bytes that the card writes to the last page of memory, in the new window, are there. */
function reachesEnd(card: DmaEngine, memory: AddressSpace, start: bigint): boolean {
  const last = MEMORY - 4n * KiB
  const result = card.write(start + last, Uint8Array.of(0x68, 0x62))
  return result === MemTx.ok && memory.load16(last, 'big') === 0x6862
}

export function main(
  print: (line: string) => void = console.log,
  watch: (machine: Machine) => void = () => {},
): { hypercalls: number; hostEntries: number; reached: boolean; windows: number } {
  const parts = compose()
  const { machine, phb, host, card } = parts
  watch(machine)
  const address = 0x0800
  const bridge = [address, Number(phb.buid >> 32n), Number(phb.buid & 0xffff_ffffn)]

  const [, free = 0, , pageBits = 0] = rtas(parts, RtasToken.queryDmaWindow, bridge, 5)
  const shifts = [...PAGE_SIZE_BITS].filter(([, bit]) => (pageBits & bit) !== 0).map(([shift]) => shift)
  const pageShift = Math.max(...shifts)
  print(
    `query:  ${free} window is free, in pages of ${shifts.map((shift) => formatSize(1n << BigInt(shift))).join(', ')}`,
  )

  const windowShift = MEMORY.toString(2).length - 1
  const made = rtas(parts, RtasToken.createDmaWindow, [...bridge, pageShift, windowShift], 4)
  const [, liobn = 0, high = 0, low = 0] = made
  const start = (BigInt(high) << 32n) | BigInt(low)
  print(`create: LIOBN ${hex(liobn)}, ${formatSize(1n << BigInt(windowShift))} from ${hex(start)} on`)

  const hypercalls = mapMemory(parts, liobn, start, pageShift)
  print(`map:    all of memory, by ${hypercalls} hypercall; the host holds ${host.entries} entries`)

  rtas(parts, RtasToken.removeDmaWindow, [phb.window.liobn], 1)
  print(`remove: the default window is gone, ${phb.windows.active.length} is left`)

  const reached = reachesEnd(card, machine.space, start)
  print(
    `The card ${reached ? 'reaches' : 'does not reach'} the last page of memory at ${hex(start + MEMORY - 4n * KiB)}.`,
  )
  return { hypercalls, hostEntries: host.entries, reached, windows: phb.windows.active.length }
}

if (import.meta.main) main()
