import type { LinearSource, RunWalker } from '@hostbridge/core/iommu'
import { KernelCursor } from './kernel-cursor.ts'
import { KernelLane } from './kernel-lane.ts'
import type { WasmModule } from './web-assembly.ts'

/** Lanes that no walk is using: making one costs as much as scanning a million entries. */
const idle = new WeakMap<WasmModule, KernelLane[]>()

/** Opens a linear table for walks with the scan kernel, any number of them at the same time. */
export function kernelRuns(kernel: WasmModule, source: LinearSource): RunWalker {
  const lanes = idle.get(kernel) ?? []
  idle.set(kernel, lanes)
  return (firstFrame, lastFrame) => {
    const lane = lanes.pop() ?? new KernelLane(kernel)
    return new KernelCursor(lane, source, firstFrame, lastFrame, () => lanes.push(lane))
  }
}
