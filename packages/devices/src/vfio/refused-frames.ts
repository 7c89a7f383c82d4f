import { addressOf, frameOf } from '@hostbridge/core/address'
import type { RefusedRun } from '@hostbridge/core/memory'

/** Why a host does not map a stretch of IOVAs. */
export type RefusalCode = 'page-size' | 'iova-range' | 'limit' | 'not-ram' | 'host-memory' | 'target' | 'no-replay'

interface RefusedStretch {
  readonly frame: number
  frames: number
  readonly code: RefusalCode
}

/** Collects the page frames that a host refuses, in any order, and reports them ascending with neighbours merged. */
export class RefusedFrames {
  #stretches: RefusedStretch[] = []

  get isEmpty(): boolean {
    return this.#stretches.length === 0
  }

  add(frame: number, frames: number, code: RefusalCode): void {
    const previous = this.#stretches.at(-1)
    if (previous !== undefined && previous.code === code && previous.frame + previous.frames === frame) {
      previous.frames += frames
    } else {
      this.#stretches.push({ frame, frames, code })
    }
  }

  /** Adds runs that {@link take} has handed over. */
  addRuns(runs: readonly RefusedRun[]): void {
    for (const { iova, size, code } of runs) {
      const first = frameOf(iova)
      this.add(first, frameOf(iova + size - 1n) - first + 1, code as RefusalCode)
    }
  }

  /** Hands over what was refused and is empty then; `reasonOf` says each code in words. */
  take(reasonOf: (code: RefusalCode) => string): RefusedRun[] {
    const ascending = this.#stretches.sort((a, b) => a.frame - b.frame)
    this.#stretches = []
    const merged = new RefusedFrames()
    for (const { frame, frames, code } of ascending) merged.add(frame, frames, code)
    return merged.#stretches.map(({ frame, frames, code }) => ({
      iova: addressOf(frame),
      size: addressOf(frames),
      code,
      reason: reasonOf(code),
    }))
  }
}
