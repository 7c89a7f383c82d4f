import type { BenchCase } from './bench-case.ts'
import { threadCpuTime } from './clock.ts'
import { DISK_BYTES, diskBytes, NvmeWorld, sharedBytes } from './nvme-world.ts'

/** Commands that wait in the queue at a time. */
const QUEUE_DEPTH = 64

/** Bytes that one sample moves. */
const SAMPLE_BYTES = 2 ** 25

const PAGE = 4096
const LONGEST = 131_072

/** `nvme/N`: reads of N bytes from an NVMe disk into guest memory, through the IOMMU, driver and all. */
export const NVME_CASES: readonly string[] = ['nvme/4096', 'nvme/131072']

/** Opens a case of that kind, of a power of two of whole pages; `undefined` for any other name. */
export function nvmeCase(name: string): BenchCase | undefined {
  const bytes = Number(/^nvme\/(\d+)$/.exec(name)?.[1])
  const isSize = bytes >= PAGE && bytes <= LONGEST && Number.isInteger(Math.log2(bytes))
  return isSize ? reads(bytes) : undefined
}

function reads(bytes: number): BenchCase {
  const world = new NvmeWorld()
  const units = SAMPLE_BYTES / bytes
  const disk = diskBytes()
  const shared = sharedBytes()
  let succeeded = 0
  let copyMs = Number.POSITIVE_INFINITY
  return {
    unit: 'read',
    units,
    clock: 'cpu',
    // The plain copy of the same bytes, before every sample: both see the same machine.
    prepare() {
      succeeded = 0
      const before = threadCpuTime()
      copyPages(disk, shared)
      copyMs = Math.min(copyMs, threadCpuTime() - before)
    },
    run() {
      for (let done = 0; done < units; done += QUEUE_DEPTH) {
        const batch = Math.min(QUEUE_DEPTH, units - done)
        for (let index = done; index < done + batch; index++) world.read((index * bytes) % DISK_BYTES, bytes)
        succeeded += world.complete()
      }
    },
    check() {
      if (succeeded !== units) throw new Error(`${succeeded} of ${units} reads succeeded`)
      for (const position of [0, 5 * PAGE, DISK_BYTES - PAGE]) {
        const found = world.buffer(position, PAGE)
        if (found.some((byte, index) => byte !== disk[position + index])) throw new Error(`other bytes at ${position}`)
      }
    },
    facts: (ns) => ({
      readsPerSecond: Math.round(1e9 / ns),
      gigabytesPerSecond: rounded(bytes / ns),
      copyGigabytesPerSecond: rounded(SAMPLE_BYTES / (copyMs * 1e6)),
    }),
  }
}

/** From ordinary memory, which the disk is, to shared memory, which guest RAM is, page by page. */
function copyPages(from: Uint8Array, to: Uint8Array): void {
  for (let done = 0; done < SAMPLE_BYTES; done += PAGE) {
    const at = done % DISK_BYTES
    to.set(from.subarray(at, at + PAGE), at)
  }
}

function rounded(value: number): number {
  return Math.round(value * 100) / 100
}
