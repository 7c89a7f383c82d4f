import { DirtyClient } from './dirty/dirty-client.ts'
import { MemoryRegion, type RegionKind } from './memory-region.ts'
import type { Translator } from './translator.ts'

/** A window whose accesses are translated page by page and go on in the address space that the translation names. */
export class IommuRegion extends MemoryRegion {
  readonly translator: Translator

  constructor(name: string, size: bigint, translator: Translator) {
    super(name, size)
    this.translator = translator
  }

  override get kind(): RegionKind {
    return 'iommu'
  }

  override get globalClients(): number {
    return DirtyClient.migration
  }
}
