import { MiB } from '@hostbridge/core/address'
import { Machine } from '@hostbridge/core/machine'
import { type AddressSpace, ram } from '@hostbridge/core/memory'
import { Hcall, SpaprHostBridge, type SpaprHostBridgeOptions } from '@hostbridge/devices/spapr'

/** Where the scene puts the buffers of calls. */
export const BUFFER = 0x10000n

/** What a result cell holds that no call has written. */
export const UNTOUCHED = 0xfeed_face

/** A status as a result cell shows it. */
export const Status = { success: 0, hardware: 0xffff_ffff, parameter: 0xffff_fffd } as const

/** What a call has left: the hypercall's status, and its result cells up to the last one written. */
export interface Answer {
  readonly hcall: number
  readonly results: readonly number[]
}

/** A pseries machine with 1 MiB of RAM and one host bridge, and a guest that makes firmware calls by H_RTAS. */
export function firmwareScene(options: Partial<SpaprHostBridgeOptions> = {}): {
  machine: Machine
  phb: SpaprHostBridge
  /** Makes a call with as many result cells as told. */
  call(token: number, args: readonly number[], results: number): Answer
} {
  const machine = new Machine('pseries')
  machine.map(0n, ram('ram', 1n * MiB))
  const phb = machine.plug(new SpaprHostBridge({ index: 0, ...options }))
  return {
    machine,
    phb,
    call(token, args, results) {
      const at = BUFFER + BigInt(4 * (3 + args.length))
      writeCells(machine.space, BUFFER, [token, args.length, results, ...args, ...new Array(18).fill(UNTOUCHED)])
      const { status } = phb.hypercalls.hcall(Hcall.rtas, [BUFFER])
      const cells = readCells(machine.space, at, 18)
      return { hcall: status, results: cells.slice(0, cells.findLastIndex((cell) => cell !== UNTOUCHED) + 1) }
    },
  }
}

export function writeCells(space: AddressSpace, address: bigint, cells: readonly number[]): void {
  const view = new DataView(new ArrayBuffer(4 * cells.length))
  for (const [index, cell] of cells.entries()) view.setUint32(4 * index, cell)
  space.write(address, new Uint8Array(view.buffer))
}

export function readCells(space: AddressSpace, address: bigint, count: number): number[] {
  const bytes = new Uint8Array(4 * count)
  space.read(address, bytes)
  const view = new DataView(bytes.buffer)
  return Array.from({ length: count }, (_, index) => view.getUint32(4 * index))
}

/** The two cells that name a bridge in a call. */
export function buidOf(phb: SpaprHostBridge): [high: number, low: number] {
  return [Number(phb.buid >> 32n), Number(phb.buid & 0xffff_ffffn)]
}
