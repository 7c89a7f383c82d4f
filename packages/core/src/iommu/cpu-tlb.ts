import type { Iommu } from './iommu.ts'
import { Notifier, NotifierFlag } from './notifier.ts'

interface Watch {
  readonly notifier: Notifier
  isArmed: boolean
}

/**
 * Sees to it that a processor forgets translations through IOMMUs when they change (TE-10): one unmap notifier for each
 * IOMMU and index that it has used, over all addresses.
 *
 * The first change flushes and disarms; what changes then costs nothing until the processor translates there again.
 */
export class CpuTlb {
  readonly #flush: () => void
  readonly #watches = new Map<Iommu, Map<number, Watch>>()

  /** `flush` forgets everything; it is called at most once for each {@link use}. */
  constructor(flush: () => void) {
    this.#flush = flush
  }

  /** Is called whenever a translation of `iommu` goes into the TLB; the notifier is registered with the first. */
  use(iommu: Iommu, index = 0): void {
    let ofIommu = this.#watches.get(iommu)
    if (ofIommu === undefined) {
      ofIommu = new Map()
      this.#watches.set(iommu, ofIommu)
    }
    const watch = ofIommu.get(index)
    if (watch !== undefined) watch.isArmed = true
    else ofIommu.set(index, this.#watch(iommu, index))
  }

  /** Unregisters everywhere: the processor is unplugged. */
  close(): void {
    for (const [iommu, watches] of this.#watches) {
      for (const { notifier } of watches.values()) iommu.unregister(notifier)
    }
    this.#watches.clear()
  }

  #watch(iommu: Iommu, index: number): Watch {
    const notifier = new Notifier({
      name: 'cpu-tlb',
      flags: NotifierFlag.unmap,
      index,
      // One event is enough, however many entries it covers.
      form: 'runs',
      notify: () => {
        if (!watch.isArmed) return undefined
        watch.isArmed = false
        this.#flush()
        return undefined
      },
    })
    const watch: Watch = { notifier, isArmed: true }
    iommu.register(notifier)
    return watch
  }
}
