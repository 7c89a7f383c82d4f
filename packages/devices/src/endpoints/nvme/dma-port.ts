import { MemTx } from '@hostbridge/core/memory'
import type { PciDevice } from '../../pci/index.ts'

// An address becomes a bigint through memory: a shift of bigints costs several times as much.
const address64 = new BigUint64Array(1)
const address32 = new Int32Array(address64.buffer)

const FRAMES_PER_WORD = 2 ** 20

/** The page frame, of 4 KiB, of an address given as two words. */
export function frameOfWords(low: number, high: number): number {
  return (high >>> 0) * FRAMES_PER_WORD + (low >>> 12)
}

/** DMA of a function at places that are page frames, of 4 KiB, and bytes behind their beginning. A failure is a fault of the function. */
export class DmaPort {
  readonly #device: PciDevice

  constructor(device: PciDevice) {
    this.#device = device
  }

  /** Reads guest memory; says whether all of it could be read. */
  read(frame: number, byte: number, into: Uint8Array): boolean {
    return this.#device.dmaRead(addressOf(frame, byte), into) === MemTx.ok
  }

  /** Writes guest memory; says whether all of it could be written. */
  write(frame: number, byte: number, from: Uint8Array): boolean {
    return this.#device.dmaWrite(addressOf(frame, byte), from) === MemTx.ok
  }
}

function addressOf(frame: number, byte: number): bigint {
  const at = frame + (byte >>> 12)
  address32[0] = (at << 12) | (byte & 0xfff)
  address32[1] = Math.floor(at / FRAMES_PER_WORD)
  return address64[0] as bigint
}
