import { HostbridgeError } from '@hostbridge/core'
import type { BackingResult, BlockBacking } from './block-backing.ts'
import { NvmeStatus, type NvmeStatusCode } from './spec/status.ts'

export interface NvmeNamespaceOptions {
  readonly backing: BlockBacking
  /** Bytes of a block, 512 unless told. */
  readonly blockSize?: 512 | 4096
}

/** Zeros are written in pieces of this size where a backing has no way of its own. */
const ZEROS = new Uint8Array(2 ** 16)

/** Blocks that a guest sees under a number (section 6.1). */
export class NvmeNamespace {
  /** Its identifier, from 1. */
  readonly id: number
  readonly backing: BlockBacking
  /** log2 of the bytes of a block. */
  readonly blockShift: number
  readonly blocks: number

  /** @throws HostbridgeError `nvme.namespace-size` where the backing has no block. */
  constructor(owner: string, id: number, options: NvmeNamespaceOptions) {
    const { backing, blockSize = 512 } = options
    this.id = id
    this.backing = backing
    this.blockShift = blockSize === 512 ? 9 : 12
    this.blocks = Math.floor(backing.size / blockSize)
    if (this.blocks > 0) return
    const message = `namespace ${id} of '${owner}' has ${backing.size} bytes, which is no block of ${blockSize}: give it more`
    throw new HostbridgeError('nvme.namespace-size', message, { device: owner, id, size: backing.size, blockSize })
  }

  /** Whether `count` blocks from `first` on lie inside; `first` may be no exact number above 2^53. */
  has(first: number, count: number): boolean {
    return first < this.blocks && count <= this.blocks - first
  }

  /** The byte that a block begins at. */
  positionOf(block: number): number {
    return block * 2 ** this.blockShift
  }

  /** Makes blocks read 0. */
  zero(first: number, count: number): NvmeStatusCode {
    const { backing } = this
    const length = this.positionOf(count)
    const start = this.positionOf(first)
    if (backing.zero !== undefined) return writeStatus(backing.zero(start, length))
    for (let done = 0; done < length; done += ZEROS.length) {
      const left = length - done
      const result = backing.write(start + done, left < ZEROS.length ? ZEROS.subarray(0, left) : ZEROS)
      if (result !== 'done') return writeStatus(result)
    }
    return NvmeStatus.success
  }
}

/** What a guest is told of a request that writes (sections 4.6.1.2.1 and 4.6.1.2.3). */
export function writeStatus(result: BackingResult): NvmeStatusCode {
  if (result === 'done') return NvmeStatus.success
  return result === 'full' ? NvmeStatus.capacityExceeded : NvmeStatus.writeFault
}
