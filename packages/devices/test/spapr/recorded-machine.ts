import { hex, MiB } from '@hostbridge/core/address'
import { Machine } from '@hostbridge/core/machine'
import { ram } from '@hostbridge/core/memory'
import { SpaprHostBridge } from '@hostbridge/devices/spapr'
import { type LogEntry, VfioLikeListener } from './vfio-like-listener.ts'
import { windowCall } from './window-calls.ts'

/** One step of reference/spapr: an operation, its arguments, and what was observed. */
export interface RecordedStep {
  readonly op: string
  readonly [key: string]: unknown
}

export interface RecordedScenario {
  readonly name: string
  readonly steps: readonly RecordedStep[]
}

/** The machine of reference/spapr, as far as its DMA goes: 512 MiB of RAM and host bridge 0. */
export class RecordedMachine {
  readonly machine: Machine = new Machine('pseries')
  readonly phb: SpaprHostBridge
  readonly #log: LogEntry[] = []
  #listener = new VfioLikeListener(this.#log)

  constructor() {
    this.machine.map(0n, ram('ram', 512n * MiB))
    this.phb = this.machine.plug(new SpaprHostBridge({ index: 0 }))
  }

  /** Does a step and returns what of it can be observed. */
  do(step: RecordedStep): Record<string, unknown> {
    const seen = this.#log.length
    const observed = this.#do(step)
    return { ...observed, log: this.#log.slice(seen) }
  }

  get windows(): unknown[] {
    return this.phb.windows.active.map(({ liobn, window }) => {
      return [hex(liobn), hex(window?.busOffset ?? 0n), window?.pageShift, window?.entries]
    })
  }

  #do(step: RecordedStep): Record<string, unknown> {
    const number = (key: string): bigint => BigInt(step[key] as string | number)
    const { hypercalls, dma } = this.phb
    const memory = this.machine.space
    switch (step.op) {
      case 'reset':
        this.phb.windows.reset()
        return { windows: this.windows }
      case 'put':
        return { ret: hypercalls.putTce(number('liobn'), number('ioba'), number('tce')) }
      case 'get': {
        const { status, tce } = hypercalls.getTce(number('liobn'), number('ioba'))
        return { ret: status, ...(tce !== undefined && { tce: hex(tce) }) }
      }
      case 'stuff':
        return { ret: hypercalls.stuffTce(number('liobn'), number('ioba'), number('tce'), number('count')) }
      case 'indirect':
        for (const [index, tce] of (step.tces as string[]).entries()) {
          memory.write(number('list') + 8n * BigInt(index), bigEndian(BigInt(tce)))
        }
        return { ret: hypercalls.putTceIndirect(number('liobn'), number('ioba'), number('list'), number('count')) }
      case 'rtas': {
        const nret = Number(number('nret'))
        const rets = windowCall(this.phb, step.name as string, step.args as number[], nret)
        const untouched = Array.from({ length: nret - rets.length }, () => 0xfeedface)
        return { ret: 0, rets: [...rets.map((it) => it >>> 0), ...untouched], windows: this.windows }
      }
      case 'attach':
        this.#listener = new VfioLikeListener(this.#log)
        dma.register(this.#listener)
        return {}
      case 'detach':
        dma.unregister(this.#listener)
        return {}
      case 'dma_read':
      case 'mem_read': {
        const bytes = new Uint8Array(Number(number('length')))
        const result = (step.op === 'dma_read' ? dma : memory).read(number('addr'), bytes)
        return { result, bytes: Buffer.from(bytes).toString('hex') }
      }
      case 'dma_write':
      case 'mem_write':
        return {
          result: (step.op === 'dma_write' ? dma : memory).write(
            number('addr'),
            Buffer.from(step.bytes as string, 'hex'),
          ),
        }
      default:
        throw new Error(`${step.op} is not a step that this machine can do`)
    }
  }
}

function bigEndian(tce: bigint): Uint8Array {
  const bytes = new Uint8Array(8)
  new DataView(bytes.buffer).setBigUint64(0, tce)
  return bytes
}
