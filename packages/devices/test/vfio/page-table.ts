import { type RadixTable, RUN_LANES, RunLane } from '@hostbridge/core/iommu'
import type { HostTable } from '@hostbridge/devices/vfio'

/** Every byte of a table that it has used, or may have. */
export function bytesOf(table: RadixTable): Uint8Array {
  return new Uint8Array(table.source().buffer).slice(0, table.bytes)
}

/** Every mapping of a table as text: `iova+frames>target meta`, in page frames. */
export function runsOf({ table }: HostTable): string[] {
  const found: string[] = []
  const cursor = table.runs(0, 2 ** 52 - 1)
  for (let count = cursor.next(); count > 0; count = cursor.next()) {
    for (let at = 0; at < count * RUN_LANES; at += RUN_LANES) {
      const [iova = 0, frames = 0, target = 0, meta = 0] = cursor.runs.subarray(at, at + RUN_LANES)
      found.push(`${iova.toString(16)}+${frames.toString(16)}>${target.toString(16)} ${meta & 3}/${meta >> 2}`)
    }
  }
  return found
}

/** Runs as a walker hands them over. */
export function runsFrom(...runs: readonly (readonly [number, number, number, number])[]): Float64Array {
  const lanes = new Float64Array(runs.length * RUN_LANES)
  for (const [index, [iova, frames, target, meta]] of runs.entries()) {
    lanes[index * RUN_LANES + RunLane.iova] = iova
    lanes[index * RUN_LANES + RunLane.frames] = frames
    lanes[index * RUN_LANES + RunLane.target] = target
    lanes[index * RUN_LANES + RunLane.meta] = meta
  }
  return lanes
}
