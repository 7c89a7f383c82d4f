import { hex, overlaps, type Range, sizeOf } from '../../address/range.ts'
import { LAST_ADDRESS } from '../../address/units.ts'
import type { AddressSpace } from '../address-space.ts'
import type { FlatRange } from '../flat-range.ts'
import { digitsOf } from './digits.ts'
import { formatSize } from './human-size.ts'
import { kindOf, marksOfRange } from './marks.ts'

/** So many stretches of what an error is about are written; it has to fit on a screen with everything else. */
const MOST_INSIDE = 3

/** A stretch of addresses that one region answers, or that nothing does. */
interface Stretch extends Range {
  readonly text: string
}

/**
 * Writes what an address space shows in and around `at`, for the end of an error message: at most seven lines, beginning
 * with a line break. What lies in `at` is marked; one stretch before and one behind it say where it is.
 */
export function formatMapAround(space: AddressSpace, at: Range): string {
  const stretches = stretchesOf(space.flatView.ranges)
  const inside = stretches.filter((stretch) => overlaps(stretch, at))
  const first = inside[0] === undefined ? 0 : stretches.indexOf(inside[0])
  const shown = inside.slice(0, MOST_INSIDE)
  const more = inside.length - shown.length
  const before = stretches[first - 1]
  const behind = stretches[first + inside.length]
  const lines = [
    ...(before === undefined ? [] : [`    ${line(before)}`]),
    ...shown.map((stretch) => `  > ${line(stretch)}`),
    ...(more > 0 ? [`  > … and ${more} more`] : []),
    ...(behind === undefined ? [] : [`    ${line(behind)}`]),
  ]
  return `\n  '${space.name}' around ${hex(at.start)}:\n${lines.join('\n')}`
}

/** All of the space, holes too. */
function stretchesOf(ranges: Iterable<FlatRange>): Stretch[] {
  const stretches: Stretch[] = []
  let next = 0n
  for (const range of ranges) {
    if (range.start > next) stretches.push({ start: next, last: range.start - 1n, text: 'nothing' })
    const text = [`${kindOf(range)} '${range.region.name}'`, ...marksOfRange(range)].join(' ')
    stretches.push({ start: range.start, last: range.last, text })
    next = range.last + 1n
  }
  if (next <= LAST_ADDRESS) stretches.push({ start: next, last: LAST_ADDRESS, text: 'nothing' })
  return stretches
}

function line(stretch: Stretch): string {
  const size = sizeOf(stretch)
  return `${digitsOf(stretch.start, size)}  ${formatSize(size).padStart(10)}  ${stretch.text}`
}
