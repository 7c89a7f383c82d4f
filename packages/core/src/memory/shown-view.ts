import type { Range } from '../address/range.ts'
import { LAST_ADDRESS } from '../address/units.ts'
import { FlatView, type ViewPatch } from './flat-view.ts'
import type { MemoryRegion } from './memory-region.ts'
import { patchesOf } from './view-patches.ts'
import { Windows } from './windows.ts'

/**
 * The flat view of one region, for every space that shows this region (FV-9), rendered again only in the windows in which
 * something may have changed.
 */
export class ShownView {
  readonly region: MemoryRegion
  readonly #whenTouched: (view: ShownView) => void
  #view: FlatView
  #before: FlatView
  #patches: readonly ViewPatch[] = []
  readonly #windows = new Windows()

  /** `whenTouched` is called when there is something to {@link update}, once. */
  constructor(region: MemoryRegion, whenTouched: (view: ShownView) => void) {
    this.region = region
    this.#whenTouched = whenTouched
    this.#view = new FlatView(patchesOf(new FlatView([]), region, [WHOLE])[0]?.after ?? [])
    this.#before = this.#view
  }

  /** As of the last {@link update}. */
  get view(): FlatView {
    return this.#view
  }

  /** As before the last {@link update}, until that is told. */
  get before(): FlatView {
    return this.#before
  }

  /** Notes that something may have changed between two offsets of the region, which its own address shifts (FV-11). */
  touch(start: bigint, last: bigint): void {
    const { address } = this.region
    const first = start + address
    const end = last + address
    if (first <= LAST_ADDRESS) this.#note(first, end > LAST_ADDRESS ? LAST_ADDRESS : end)
  }

  /** Notes that everything may have changed. */
  touchAll(): void {
    this.#note(0n, LAST_ADDRESS)
  }

  #note(first: bigint, last: bigint): void {
    if (this.#windows.isEmpty) this.#whenTouched(this)
    this.#windows.add(first, last)
  }

  /** Renders what has been touched since the last time; says whether anything else is seen now. */
  update(): boolean {
    this.#before = this.#view
    this.#patches = patchesOf(this.#before, this.region, this.#windows.take())
    this.#view = this.#before.patched(this.#patches)
    return this.#patches.length > 0
  }

  /** How the view came from `before`, or `undefined` where that is not the view before the last {@link update}. */
  patchesFrom(before: FlatView): readonly ViewPatch[] | undefined {
    if (before === this.#view) return []
    return before === this.#before ? this.#patches : undefined
  }

  /** Forgets the view before: it is told. */
  settle(): void {
    this.#before = this.#view
    this.#patches = []
  }
}

const WHOLE: Range = { start: 0n, last: LAST_ADDRESS }
