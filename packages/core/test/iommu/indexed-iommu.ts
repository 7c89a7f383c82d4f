import { Iommu, RadixTable, type RunCursor, type WorkerSource } from '../../src/iommu/index.ts'
import type { AddressSpace, MemTxAttrs, PermissionBits, Translation } from '../../src/memory/index.ts'
import { makeTarget } from './make-iommu.ts'

/** An IOMMU with a table for each process: its index is the process address space id. */
export class IndexedIommu extends Iommu {
  override readonly pageShift = 12
  override readonly target: AddressSpace = makeTarget()
  readonly tables: readonly RadixTable[]
  /** Translations asked for. */
  asked = 0

  constructor(indexes: number) {
    super('indexed', 1n << 32n)
    this.tables = Array.from({ length: indexes }, () => new RadixTable())
  }

  override get indexes(): number {
    return this.tables.length
  }

  attrsToIndex(attrs: MemTxAttrs): number {
    return attrs.pid ?? 0
  }

  override translate(frame: number, access: PermissionBits, out: Translation, index: number): void {
    this.asked++
    this.tables[index]?.translate(frame, access, out)
    out.target = this.target
  }

  override runs(firstFrame: number, lastFrame: number, index = 0): RunCursor {
    return (this.tables[index] as RadixTable).runs(firstFrame, lastFrame)
  }

  override source(index = 0): WorkerSource {
    return (this.tables[index] as RadixTable).source()
  }
}
