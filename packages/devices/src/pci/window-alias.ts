import { type AliasRegion, alias, type MemoryRegion } from '@hostbridge/core/memory'
import type { WindowRange } from './bridge-header.ts'

/** A window of a bridge: addresses of the bus above that show the same addresses of the bus below. */
export class WindowAlias {
  readonly #name: string
  readonly #target: MemoryRegion
  readonly #priority: number
  #region: AliasRegion | undefined

  constructor(name: string, target: MemoryRegion, priority: number) {
    this.#name = name
    this.#target = target
    this.#priority = priority
  }

  /** Whether showing `range` in `above` changes anything. */
  differs(above: MemoryRegion | undefined, range: WindowRange | undefined): boolean {
    const region = this.#region
    const wanted = range === undefined ? undefined : above
    if (region?.container !== wanted) return true
    if (region === undefined || range === undefined || wanted === undefined) return false
    return region.address !== range.start || region.size !== range.last - range.start + 1n
  }

  /** Shows `range` in `above`, or nothing anywhere; called inside a transaction. */
  show(above: MemoryRegion | undefined, range: WindowRange | undefined): void {
    const old = this.#region
    if (old?.container !== undefined) old.container.remove(old)
    if (above === undefined || range === undefined) return
    const size = range.last - range.start + 1n
    const region = old ?? alias(this.#name, this.#target, { size })
    this.#region = region
    region.setSize(size)
    region.setTargetOffset(range.start)
    above.add(region, range.start, { priority: this.#priority })
  }
}
