import type { AddressSpace } from '../../src/memory/index.ts'

/** The flat view as short text: `ram[0..fff]`, with `@offset` where the region is not shown from its beginning. */
export function mapText(space: AddressSpace): string {
  return space.flatView.ranges
    .map(({ region, start, last, offset }) => {
      const from = offset === 0n ? '' : `@${offset.toString(16)}`
      return `${region.name}[${start.toString(16)}..${last.toString(16)}]${from}`
    })
    .join(' ')
}
