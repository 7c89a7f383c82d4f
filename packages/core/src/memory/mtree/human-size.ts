import { GiB, KiB, MiB, TiB } from '../../address/units.ts'

const UNITS: readonly (readonly [string, bigint])[] = [
  ['EiB', TiB * MiB],
  ['PiB', TiB * KiB],
  ['TiB', TiB],
  ['GiB', GiB],
  ['MiB', MiB],
  ['KiB', KiB],
  ['B', 1n],
]

/** Up to so many of a unit are read at a glance. */
const MOST_OF_A_UNIT = 16384n

/** A size in the largest unit that divides it, or, where that are too many to read, about so much: `~16.0 EiB`. */
export function formatSize(size: bigint): string {
  const exact = UNITS.find(([, bytes]) => size % bytes === 0n) ?? (['B', 1n] as const)
  const count = size / exact[1]
  if (count <= MOST_OF_A_UNIT) return `${count} ${exact[0]}`
  const about = UNITS.find(([, bytes]) => size >= bytes) ?? exact
  return `~${(Number(size) / Number(about[1])).toFixed(1)} ${about[0]}`
}
