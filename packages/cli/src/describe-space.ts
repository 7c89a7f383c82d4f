import { hex } from '@hostbridge/core/address'
import type { AddressSpace } from '@hostbridge/core/memory'

/** A flat view as plain data: addresses and sizes as hex strings. */
export function describeSpace(space: AddressSpace): object {
  const ranges = space.flatView.ranges.map(({ start, last, region, offset, readonly }) => {
    return { start: hex(start), last: hex(last), kind: region.kind, region: region.name, offset: hex(offset), readonly }
  })
  return { name: space.name, ranges }
}
