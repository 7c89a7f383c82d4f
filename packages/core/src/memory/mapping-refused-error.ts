import { formatRange, hex, type Range } from '../address/range.ts'
import { HostbridgeError } from '../errors.ts'
import type { AddressSpace } from './address-space.ts'
import type { RefusedRun } from './listener.ts'
import { formatMapAround } from './mtree/map-slice.ts'

export interface RefusedOptions extends ErrorOptions {
  /** Where the refused runs lie. */
  readonly space?: AddressSpace
}

/** Somebody who had to take a mapping refused parts of it; `refused` lists every one of them. */
export class MappingRefusedError extends HostbridgeError {
  readonly refused: readonly RefusedRun[]

  /**
   * `what` opens the message: "plugging 'nic'", "the change of address space 'dma'". Given the space that the runs are in, the
   * message ends with what is around the first of them.
   */
  constructor(what: string, refused: readonly RefusedRun[], options: RefusedOptions = {}) {
    const [first] = refused
    const map =
      options.space === undefined || first === undefined ? '' : formatMapAround(options.space, rangeOfRun(first))
    super('memory.refused', `${what} was refused:${refused.map(formatRefusal).join('')}${map}`, { refused }, options)
    this.refused = refused
  }
}

function formatRefusal(run: RefusedRun): string {
  return `\n  ${formatRange(rangeOfRun(run))} (${hex(run.size)} bytes): ${run.reason} [${run.code}]`
}

function rangeOfRun({ iova, size }: RefusedRun): Range {
  return { start: iova, last: iova + size - 1n }
}
