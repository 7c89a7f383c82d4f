import { formatRange, hex } from '../address/range.ts'
import { HostbridgeError } from '../errors.ts'
import type { RefusedRun } from './listener.ts'

/** Somebody who had to take a mapping refused parts of it; `refused` lists every one of them. */
export class MappingRefusedError extends HostbridgeError {
  readonly refused: readonly RefusedRun[]

  /** `what` opens the message: "plugging 'nic'", "the change of address space 'dma'". */
  constructor(what: string, refused: readonly RefusedRun[], options?: ErrorOptions) {
    super('memory.refused', `${what} was refused:${refused.map(formatRefusal).join('')}`, { refused }, options)
    this.refused = refused
  }
}

function formatRefusal(run: RefusedRun): string {
  const range = formatRange({ start: run.iova, last: run.iova + run.size - 1n })
  return `\n  ${range} (${hex(run.size)} bytes): ${run.reason} [${run.code}]`
}
