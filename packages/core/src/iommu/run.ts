/**
 * A run is a maximal stretch of neighbouring entries of one page size and one permission whose targets follow each other.
 * Runs travel in `Float64Array`s, {@link RUN_LANES} lanes each, so that a walker allocates nothing per run and a
 * worker can hand over a whole buffer. All frames are of 4 KiB: exact up to 2^52, which is the end of a 64-bit space.
 */
export const RUN_LANES = 4

/** The lanes of one run: `buffer[RUN_LANES * index + RunLane.iova]`. */
export const RunLane = {
  /** First page frame of the run, relative to the IOMMU region. */
  iova: 0,
  /** Length in page frames, 1 to 2^52. */
  frames: 1,
  /** First page frame in the target address space. */
  target: 2,
  /** `permission | shift << 2`: the permission bits, and log2 of the entries' size in bytes (12 to 64). */
  meta: 3,
} as const

/** Packs the last lane of a run. */
export function runMeta(permission: number, shift: number): number {
  return permission | (shift << 2)
}

/** The permission bits in a run's last lane. */
export function runPermission(meta: number): number {
  return meta & 3
}

/** log2 of the size in bytes of the entries that a run consists of. */
export function runShift(meta: number): number {
  return meta >>> 2
}

/**
 * Walks the live mappings of a range in ascending order.
 *
 * `next()` fills `runs` from its beginning and returns how many runs it holds now; 0 means the end. `runs` is reused by
 * the following `next()`. Runs are merged inside one batch and across batches: no two consecutive runs could be one.
 * The first and the last run are cut to the range asked for.
 */
export interface RunCursor {
  readonly runs: Float64Array
  next(): number
}
