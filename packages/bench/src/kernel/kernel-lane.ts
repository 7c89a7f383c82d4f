import type { SharedMemory } from '@hostbridge/core/iommu'
import { RunBuffer } from './run-buffer.ts'
import { instantiate, type ScanExports, type WasmModule } from './web-assembly.ts'

/** Runs of a batch: what is written stays in the cache until it is read. */
const RUNS_PER_BATCH = 2048

/** What one walk at a time needs of the kernel: a run buffer, and the kernel bound to it and
 * to the segments that it has come to. */
export class KernelLane {
  readonly buffer: RunBuffer = RunBuffer.create(RUNS_PER_BATCH)
  readonly #kernel: WasmModule
  readonly #bound = new WeakMap<SharedMemory, ScanExports>()

  constructor(kernel: WasmModule) {
    this.#kernel = kernel
  }

  /** The kernel over a segment's memory. */
  on(table: SharedMemory): ScanExports {
    let exports = this.#bound.get(table)
    if (exports === undefined) {
      exports = instantiate(this.#kernel, table, this.buffer.memory)
      this.#bound.set(table, exports)
    }
    return exports
  }
}
