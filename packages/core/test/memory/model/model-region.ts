import type { ModelDevice } from './model-device.ts'
import type { ModelTable } from './model-iommu.ts'

export type ModelKind = 'container' | 'ram' | 'romd' | 'ramd' | 'mmio' | 'reserved' | 'alias' | 'iommu'

/** A region as section 1.1 has it: plain data, and nothing that is kept up to date. */
export class ModelRegion {
  readonly name: string
  readonly kind: ModelKind
  size: bigint
  address = 0n
  priority = 0
  /** When it was put where it is: larger is later. */
  stamp = 0
  enabled = true
  readonly = false
  nonvolatile = false
  unmergeable = false
  dirtyMask = 0
  romMode = true
  parent: ModelRegion | undefined
  readonly children = new Set<ModelRegion>()
  target: ModelRegion | undefined
  targetOffset = 0n
  /** What was ever written behind it; everything else is 0. */
  readonly bytes = new Map<bigint, number>()
  /** How many bytes there are behind it. */
  readonly backing: bigint
  device: ModelDevice | undefined
  table: ModelTable | undefined

  constructor(name: string, kind: ModelKind, size: bigint) {
    this.name = name
    this.kind = kind
    this.size = size
    this.backing = size
  }

  get terminates(): boolean {
    return this.kind !== 'container' && this.kind !== 'alias'
  }

  /** Descending priority, the newest first among equals (TM-2). */
  ordered(): ModelRegion[] {
    return [...this.children].sort((a, b) => b.priority - a.priority || b.stamp - a.stamp)
  }

  put(child: ModelRegion, address: bigint, priority: number, stamp: number): void {
    child.parent?.children.delete(child)
    this.children.add(child)
    child.parent = this
    child.address = address
    child.priority = priority
    child.stamp = stamp
  }

  take(child: ModelRegion): void {
    this.children.delete(child)
    child.parent = undefined
  }

  /** Whether `other` is this region, or is shown somewhere below it. */
  shows(other: ModelRegion): boolean {
    if (this === other || this.target?.shows(other)) return true
    return [...this.children].some((child) => child.shows(other))
  }
}
