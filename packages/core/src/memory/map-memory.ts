import { hex } from '../address/range.ts'
import { HostbridgeError } from '../errors.ts'
import type { MemTxAttrs } from './access.ts'
import { AccessContext } from './access-context.ts'
import type { AddressSpace } from './address-space.ts'
import { directRun, locateIn } from './direct-run.ts'
import { MemoryMapping } from './memory-mapping.ts'
import { checkLength } from './region-checks.ts'

/** How a part of an address space is mapped. */
export interface MapOptions {
  /** To be written; default is to be read. */
  readonly write?: boolean
  readonly attrs?: MemTxAttrs
}

/** See {@link AddressSpace.map}. */
export function mapMemory(
  space: AddressSpace,
  address: bigint,
  length: number,
  write: boolean,
  attrs: MemTxAttrs,
): MemoryMapping | undefined {
  checkLength('a mapping', `of '${space.name}'`, address, length)
  if (length === 0) return undefined
  const context = new AccessContext()
  context.attrs = attrs
  locateIn(space, context, address, length, write)
  const reached = context.length
  const { range } = context
  const run = directRun(space, context, address, length, write)
  if (run !== undefined) {
    return new MemoryMapping(space, address, run.length, write, { run }, run.region.retainShown())
  }
  const bytes = space.bounce.take(reached)
  if (bytes === 0) return undefined
  const buffer = new Uint8Array(bytes)
  const hold = range?.region.retainShown()
  try {
    // What fails reads 0, and nobody hears of it (BB-4).
    if (!write) space.read(address, buffer, attrs)
  } catch (error) {
    hold?.release()
    space.bounce.give(bytes)
    throw error
  }
  return new MemoryMapping(space, address, bytes, write, { buffer }, hold)
}

/** See {@link AddressSpace.unmap}. */
export function unmapMemory(space: AddressSpace, mapping: MemoryMapping, accessed: number): void {
  if (mapping.space !== space || !mapping.mapped) {
    const why = mapping.mapped ? `it is a mapping of '${mapping.space.name}'` : 'it has been unmapped already'
    throw new HostbridgeError(
      'memory.mapping',
      `the mapping at ${hex(mapping.address)} cannot be unmapped from '${space.name}': ${why}`,
      { space: space.name, address: mapping.address, of: mapping.space.name },
    )
  }
  const lent = mapping.direct ? 0 : mapping.length
  try {
    mapping.close(accessed)
  } finally {
    if (lent > 0 && !mapping.mapped) space.bounce.give(lent)
  }
}
