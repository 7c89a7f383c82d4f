import { MiB } from '@hostbridge/core/address'
import { Machine } from '@hostbridge/core/machine'
import { type AddressSpace, ram } from '@hostbridge/core/memory'
import { EduDevice, PciTestdev } from '@hostbridge/devices/endpoints'
import { SpaprHostBridge } from '@hostbridge/devices/spapr'
import { hexOf } from './recorded-device.ts'
import type { FirmwareCall, SpaprOperation } from './spapr-format.ts'
import { SpaprListener, type SpaprLogEntry } from './spapr-listener.ts'

/** Where the recordings put the arguments and the results of a firmware call. */
const ARGUMENTS = 0x1_0000n
const RESULTS = 0x1_1000n

/** What result cells hold before a call, and how many there are beside those that it may return. */
const UNTOUCHED = 0xfeed_face
const MORE_CELLS = 2

/** The machine of the recordings: 512 MiB of RAM, host bridge 0, and two functions. */
export class SpaprWorld {
  readonly #machine = new Machine('pseries')
  readonly #phb: SpaprHostBridge
  #log: SpaprLogEntry[] = []
  #listener: SpaprListener | undefined

  constructor() {
    this.#machine.map(0n, ram('ram', 512n * MiB))
    this.#phb = this.#machine.plug(new SpaprHostBridge({ index: 0 }))
    this.#phb.plug('00:01.0', new EduDevice({ endianness: 'big' }))
    this.#phb.plug('00:02.0', new PciTestdev())
  }

  /** Makes one step and returns what of it can be observed. */
  run(operation: SpaprOperation): object {
    this.#log = []
    const observed = this.#perform(operation)
    return { log: this.#log, ...observed }
  }

  #perform(operation: SpaprOperation): object {
    const { hypercalls, dma } = this.#phb
    const memory = this.#machine.space
    switch (operation.op) {
      case 'reset':
        this.#phb.windows.reset()
        return { windows: this.#windows() }
      case 'attach':
        this.#listener = new SpaprListener((entry) => this.#log.push(entry))
        dma.register(this.#listener)
        return {}
      case 'detach':
        if (this.#listener !== undefined) dma.unregister(this.#listener)
        return {}
      case 'put':
        return { ret: hypercalls.putTce(operation.liobn, operation.ioba, operation.tce) }
      case 'get': {
        const { status, tce } = hypercalls.getTce(operation.liobn, operation.ioba)
        return { ret: status, ...(tce !== undefined && { tce: hexOf(tce) }) }
      }
      case 'stuff':
        return { ret: hypercalls.stuffTce(operation.liobn, operation.ioba, operation.tce, operation.count) }
      case 'indirect': {
        const { liobn, ioba, list, count, tces } = operation
        memory.write(list, bigEndian(tces))
        return { ret: hypercalls.putTceIndirect(liobn, ioba, list, count) }
      }
      case 'rtas':
        return this.#rtas(operation)
      case 'dma_read':
        return read(dma, operation.addr, operation.length)
      case 'mem_read':
      case 'mmio_read':
        return read(memory, operation.addr, operation.length)
      case 'dma_write':
        return { result: dma.write(operation.addr, operation.bytes) }
      default:
        return { result: memory.write(operation.addr, operation.bytes) }
    }
  }

  #rtas({ token, args, nret }: FirmwareCall): object {
    const memory = this.#machine.space
    memory.write(ARGUMENTS, cells(args))
    memory.write(RESULTS, cells(new Array(nret + MORE_CELLS).fill(UNTOUCHED)))
    const ret = this.#phb.hypercalls.rtas.call(token, args.length, ARGUMENTS, nret, RESULTS)
    const bytes = new Uint8Array(4 * nret)
    memory.read(RESULTS, bytes)
    const view = new DataView(bytes.buffer)
    return { ret, rets: Array.from({ length: nret }, (_, cell) => view.getUint32(4 * cell)), windows: this.#windows() }
  }

  #windows(): unknown[] {
    return this.#phb.windows.active.map(({ liobn, window }) => {
      return [hexOf(BigInt(liobn)), hexOf(window?.busOffset ?? 0n), window?.pageShift, window?.entries]
    })
  }
}

function read(space: AddressSpace, address: bigint, length: number): object {
  const bytes = new Uint8Array(length)
  const result = space.read(address, bytes)
  return { result, bytes: Buffer.from(bytes).toString('hex') }
}

function cells(words: readonly number[]): Uint8Array {
  const view = new DataView(new ArrayBuffer(4 * words.length))
  for (const [cell, word] of words.entries()) view.setUint32(4 * cell, word)
  return new Uint8Array(view.buffer)
}

function bigEndian(words: readonly bigint[]): Uint8Array {
  const view = new DataView(new ArrayBuffer(8 * words.length))
  for (const [index, word] of words.entries()) view.setBigUint64(8 * index, word)
  return new Uint8Array(view.buffer)
}
