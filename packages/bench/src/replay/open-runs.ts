import { openSource, type RunWalker, type WorkerSource } from '@hostbridge/core/iommu'
import { kernelRuns } from '../kernel/kernel-runs.ts'
import { type KernelName, kernelName, scanKernel } from '../kernel/scan-kernel.ts'

/** What scans linear tables here. */
export const LINEAR_KERNEL: KernelName = kernelName('linear', scanKernel())

/** Opens a table for walks in this thread, with the fastest walker there is for it. */
export function openRuns(source: WorkerSource): RunWalker {
  const kernel = scanKernel()
  return source.kind === 'linear' && kernel !== undefined ? kernelRuns(kernel, source) : openSource(source)
}
