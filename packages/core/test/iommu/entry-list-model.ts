import { RUN_LANES, type RunCursor, runPermission, runShift } from '../../src/iommu/run.ts'

export interface ModelEntry {
  first: number
  frames: number
  target: number
  permission: number
  shift: number
}

export interface PlainRun {
  frame: number
  frames: number
  target: number
  permission: number
  shift: number
}

/** A page table as a plain list of entries: what the real tables are compared with. */
export class EntryListModel {
  entries: ModelEntry[] = []
  readonly #shifts: readonly number[]

  constructor(shifts: readonly number[]) {
    this.#shifts = shifts
  }

  map(frame: number, frames: number, target: number, permission: number, shift: number): void {
    this.unmap(frame, frames)
    const size = 2 ** (shift - 12)
    for (let done = 0; done < frames; done += size) {
      this.entries.push({ first: frame + done, frames: size, target: target + done, permission, shift })
    }
  }

  unmap(frame: number, frames: number): void {
    const end = frame + frames
    this.entries = this.entries.flatMap((entry) => {
      const entryEnd = entry.first + entry.frames
      if (entryEnd <= frame || entry.first >= end) return [entry]
      return [...this.#part(entry, entry.first, frame), ...this.#part(entry, end, entryEnd)]
    })
  }

  around(frame: number): ModelEntry | undefined {
    return this.entries.find((entry) => entry.first <= frame && frame < entry.first + entry.frames)
  }

  runs(first: number, last: number): PlainRun[] {
    const runs: PlainRun[] = []
    for (const entry of this.entries.toSorted((a, b) => a.first - b.first)) {
      const frame = Math.max(entry.first, first)
      const end = Math.min(entry.first + entry.frames, last + 1)
      if (frame >= end) continue
      const { permission, shift } = entry
      appendRun(runs, { frame, frames: end - frame, target: entry.target + frame - entry.first, permission, shift })
    }
    return runs
  }

  #part(entry: ModelEntry, from: number, to: number): ModelEntry[] {
    const parts: ModelEntry[] = []
    for (let first = from; first < to; ) {
      const shift = this.#shifts.findLast((s) => first % 2 ** (s - 12) === 0 && first + 2 ** (s - 12) <= to) as number
      const frames = 2 ** (shift - 12)
      parts.push({ first, frames, target: entry.target + first - entry.first, permission: entry.permission, shift })
      first += frames
    }
    return parts
  }
}

function appendRun(runs: PlainRun[], run: PlainRun): void {
  const before = runs.at(-1)
  const follows =
    before !== undefined &&
    before.frame + before.frames === run.frame &&
    before.target + before.frames === run.target &&
    before.permission === run.permission &&
    before.shift === run.shift
  if (follows) before.frames += run.frames
  else runs.push({ ...run })
}

/** Everything that a cursor walks, as objects. */
export function collect(cursor: RunCursor): PlainRun[] {
  const runs: PlainRun[] = []
  for (let count = cursor.next(); count > 0; count = cursor.next()) {
    for (let at = 0; at < count * RUN_LANES; at += RUN_LANES) {
      const [frame = 0, frames = 0, target = 0, meta = 0] = cursor.runs.subarray(at, at + RUN_LANES)
      runs.push({ frame, frames, target, permission: runPermission(meta), shift: runShift(meta) })
    }
  }
  return runs
}
