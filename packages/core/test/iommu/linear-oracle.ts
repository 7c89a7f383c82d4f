import type { RunCursor } from '../../src/iommu/run.ts'

/** A run as the tests compare it. */
export interface PlainRun {
  iova: number
  frames: number
  target: number
  meta: number
}

/** Everything a cursor gives, batch after batch. */
export function drain(cursor: RunCursor): PlainRun[] {
  const runs: PlainRun[] = []
  for (let count = cursor.next(); count > 0; count = cursor.next()) {
    for (let index = 0; index < count; index++) {
      const [iova = 0, frames = 0, target = 0, meta = 0] = cursor.runs.subarray(4 * index, 4 * index + 4)
      runs.push({ iova, frames, target, meta })
    }
  }
  return runs
}

/** The runs of a table of 64-bit words, entry by entry in bigint: slow, and obviously right. */
export function naiveRuns(
  words: ReadonlyMap<number, bigint>,
  pageShift: number,
  firstFrame: number,
  lastFrame: number,
): PlainRun[] {
  const framesPerPage = 2 ** (pageShift - 12)
  const runs: PlainRun[] = []
  for (const index of [...words.keys()].sort((a, b) => a - b)) {
    const word = BigInt.asUintN(64, words.get(index) as bigint)
    const begin = Math.max(index * framesPerPage, firstFrame)
    const end = Math.min((index + 1) * framesPerPage, lastFrame + 1)
    if ((word & 3n) === 0n || begin >= end) continue
    const target = Number((word >> BigInt(pageShift)) << BigInt(pageShift - 12)) + begin - index * framesPerPage
    const meta = Number(word & 3n) | (pageShift << 2)
    const last = runs.at(-1)
    const follows = last !== undefined && last.iova + last.frames === begin && last.target + last.frames === target
    if (follows && last.meta === meta) last.frames += end - begin
    else runs.push({ iova: begin, frames: end - begin, target, meta })
  }
  return runs
}
