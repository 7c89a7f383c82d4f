import {
  NVME_FEATURE_CHANGEABLE,
  NVME_FEATURE_SAVE,
  NVME_NO_BURST_LIMIT,
  NvmeFeature,
  NvmeSelect,
} from './spec/feature.ts'
import { NvmeStatus, type NvmeStatusCode } from './spec/status.ts'

/** Features that hold a number and have no effect that is told to anybody: their values after a reset. */
const DEFAULTS: ReadonlyMap<number, number> = new Map([
  [NvmeFeature.arbitration, NVME_NO_BURST_LIMIT],
  [NvmeFeature.powerManagement, 0],
  [NvmeFeature.temperatureThreshold, 0x157],
  [NvmeFeature.errorRecovery, 0],
  [NvmeFeature.volatileWriteCache, 1],
  [NvmeFeature.interruptCoalescing, 0],
  [NvmeFeature.writeAtomicity, 0],
  [NvmeFeature.asyncEventConfiguration, 0],
])

/** What a saved controller's features are. */
export interface SavedFeatures {
  readonly values: readonly (readonly [number, number])[]
  readonly vectors: Uint8Array
}

/** What a guest has set with Set Features and gets with Get Features (NVM Express 1.3d, sections 5.13 and 5.21). */
export class Features {
  /** The value of the last {@link get} or {@link set}, for the completion. */
  result = 0
  readonly #pairs: number
  readonly #values = new Map(DEFAULTS)
  /** By interrupt vector, whether coalescing is switched off (section 5.21.1.9). */
  readonly #vectors: Uint8Array

  constructor(pairs: number, vectors: number) {
    this.#pairs = pairs
    this.#vectors = new Uint8Array(vectors)
  }

  /** Commands that are fetched from one queue in its turn (section 5.21.1.1). */
  get burst(): number {
    const shift = (this.#values.get(NvmeFeature.arbitration) as number) & 7
    return shift === NVME_NO_BURST_LIMIT ? Number.POSITIVE_INFINITY : 2 ** shift
  }

  /** Get Features: `cdw10` and `cdw11` of the command. */
  get(cdw10: number, cdw11: number): NvmeStatusCode {
    const feature = cdw10 & 0xff
    const select = (cdw10 >>> 8) & 7
    if (select > NvmeSelect.capabilities || !this.#known(feature)) return NvmeStatus.invalidField
    if (select === NvmeSelect.capabilities) {
      this.result = NVME_FEATURE_CHANGEABLE
      return NvmeStatus.success
    }
    if (feature === NvmeFeature.interruptVector && (cdw11 & 0xffff) >= this.#vectors.length) {
      return NvmeStatus.invalidField
    }
    this.result = this.#value(feature, select, cdw11 & 0xffff)
    return NvmeStatus.success
  }

  /** Set Features: `cdw10` and `cdw11` of the command; the number of queues cannot be changed once there are any. */
  set(cdw10: number, cdw11: number, hasQueues: boolean): NvmeStatusCode {
    const feature = cdw10 & 0xff
    this.result = 0
    if (!this.#known(feature)) return NvmeStatus.invalidField
    if ((cdw10 & NVME_FEATURE_SAVE) !== 0) return NvmeStatus.featureNotSaveable
    if (feature === NvmeFeature.numberOfQueues) {
      if ((cdw11 & 0xffff) === 0xffff || cdw11 >>> 16 === 0xffff) return NvmeStatus.invalidField
      if (hasQueues) return NvmeStatus.sequenceError
      this.result = this.#queues
    } else if (feature === NvmeFeature.interruptVector) {
      const vector = cdw11 & 0xffff
      if (vector >= this.#vectors.length) return NvmeStatus.invalidField
      this.#vectors[vector] = (cdw11 >>> 16) & 1
    } else if (feature === NvmeFeature.powerManagement && (cdw11 & 0x1f) !== 0) {
      // There is one power state, 0.
      return NvmeStatus.invalidField
    } else {
      this.#values.set(feature, cdw11 >>> 0)
    }
    return NvmeStatus.success
  }

  reset(): void {
    for (const [feature, value] of DEFAULTS) this.#values.set(feature, value)
    this.#vectors.fill(0)
  }

  save(): SavedFeatures {
    return { values: [...this.#values], vectors: this.#vectors.slice() }
  }

  restore(saved: SavedFeatures): void {
    for (const [feature, value] of saved.values) this.#values.set(feature, value)
    this.#vectors.set(saved.vectors)
  }

  /** Queues of each kind less one, twice (section 5.21.1.7). */
  get #queues(): number {
    return ((this.#pairs - 1) << 16) | (this.#pairs - 1)
  }

  #known(feature: number): boolean {
    return (
      this.#values.has(feature) || feature === NvmeFeature.numberOfQueues || feature === NvmeFeature.interruptVector
    )
  }

  /** Nothing is saved: what would be is the default (section 5.13). */
  #value(feature: number, select: number, vector: number): number {
    if (feature === NvmeFeature.numberOfQueues) return this.#queues
    const isCurrent = select === NvmeSelect.current
    if (feature === NvmeFeature.interruptVector) {
      return vector | (isCurrent ? (this.#vectors[vector] as number) << 16 : 0)
    }
    return (isCurrent ? this.#values.get(feature) : DEFAULTS.get(feature)) as number
  }
}
