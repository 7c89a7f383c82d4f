import { type Iommu, type IommuEvent, Notifier, NotifierFlag } from '@hostbridge/core/iommu'
import { Fnv1a64 } from './fnv.ts'

/** What a replay delivered, in the form of a trace's checkpoint. */
export interface ReplayHash {
  readonly count: number
  /** FNV-1a 64 over iova, translated address, address mask and permission of each entry, 16 hexadecimal digits. */
  readonly hash: string
}

/** Replays an IOMMU entry by entry and hashes what is delivered. */
export function replayHash(iommu: Iommu): ReplayHash {
  const hash = new Fnv1a64()
  const notifier = new Notifier({
    name: 'checkpoint',
    flags: NotifierFlag.map,
    form: 'entries',
    notify: (event) => addEntry(hash, event),
  })
  const { events } = iommu.replay(notifier)
  return { count: events, hash: hash.digest() }
}

function addEntry(hash: Fnv1a64, event: IommuEvent): undefined {
  addAddress(hash, event.frame)
  addAddress(hash, event.target)
  const size = 2 ** event.shift
  hash.addWord((size - 1) >>> 0, Math.floor((size - 1) / 2 ** 32) >>> 0)
  hash.addWord(event.permission, 0)
}

/** Takes in the address of a page frame as its two 32-bit halves. */
function addAddress(hash: Fnv1a64, frame: number): void {
  hash.addWord((frame << 12) >>> 0, Math.floor(frame / 2 ** 20))
}
