import { HostbridgeError } from '@hostbridge/core'
import { ADDRESS_SPACE_SIZE, GiB } from '@hostbridge/core/address'
import { Notifier, NotifierFlag, PageTableIommu } from '@hostbridge/core/iommu'
import { MemorySystem, Permission, ram } from '@hostbridge/core/memory'
import type { BenchCase } from './bench-case.ts'
import { xorshift32 } from './random.ts'

/** Page frames of a 64-bit space in one unit of the upper half of a random number. */
const FRAMES_PER_DRAW = 2 ** 20

/** Replay of a window of exactly 2^64 bytes in which `mappings` single pages lie scattered; the time is of one whole replay. */
export function scattered(mappings: number): BenchCase {
  const target = new MemorySystem('bench').createSpace('memory', ram('ram', 1n * GiB))
  const iommu = new PageTableIommu({ size: ADDRESS_SPACE_SIZE, target })
  const random = xorshift32(362436069)
  const draw = (): number => random() * FRAMES_PER_DRAW + (random() % FRAMES_PER_DRAW)
  const map = (frame: number): void => {
    const full = iommu.table.map(frame, 1, 1, Permission.readWrite, 12)
    if (full !== undefined) throw new HostbridgeError('bench.case', `no room for ${mappings} mappings`)
  }
  const frames = new Set<number>()
  while (frames.size < mappings) frames.add(draw())
  for (const frame of frames) map(frame)
  let expected = mappings
  let extra: number | undefined
  let events = 0
  const notifier = new Notifier({ name: 'counter', flags: NotifierFlag.map, notify: () => undefined })
  return {
    unit: 'replay',
    units: 1,
    clock: 'wall',
    minSamples: 50,
    // One page comes, and goes the next time: what is found must follow.
    prepare() {
      if (extra === undefined) {
        do extra = draw()
        while (frames.has(extra))
        map(extra)
      } else {
        iommu.table.unmap(extra, 1)
        extra = undefined
      }
      expected = mappings + (extra === undefined ? 0 : 1)
    },
    run() {
      ;({ events } = iommu.replay(notifier))
    },
    check() {
      if (events === expected) return
      throw new HostbridgeError('bench.case', `${events} mappings were found where there are ${expected}`)
    },
    facts: (ns) => ({ mappings, milliseconds: ns / 1e6 }),
  }
}
