import { hex } from '@hostbridge/core/address'
import { type Iommu, type IommuEvent, iommuOf, Notifier, NotifierFlag } from '@hostbridge/core/iommu'
import { type FlatRange, type MemoryListener, Permission } from '@hostbridge/core/memory'

/** What the recordings log: windows, maps and unmaps, with absolute bus addresses. */
export type LogEntry = readonly (string | number)[]

/** Follows the IOMMU sections of an address space as VFIO does: a notifier for each, and a replay of what is there. */
export class VfioLikeListener implements MemoryListener {
  readonly name = 'vfio-like'
  readonly priority = 0
  readonly log: LogEntry[]
  readonly #notifiers = new Map<Iommu, Notifier>()

  constructor(log: LogEntry[]) {
    this.log = log
  }

  regionAdd(section: FlatRange): undefined {
    const iommu = iommuOf(section.region)
    if (iommu === undefined) return
    this.log.push(['window-add', hex(section.start), hex(section.size)])
    const notifier = new Notifier({
      name: this.name,
      flags: NotifierFlag.map | NotifierFlag.unmap,
      range: { start: section.offset, last: section.offset + section.size - 1n },
      notify: (event) => this.#record(section, event),
    })
    this.#notifiers.set(iommu, notifier)
    iommu.registerWithReplay(notifier)
  }

  regionDel(section: FlatRange): void {
    const iommu = iommuOf(section.region)
    const notifier = iommu && this.#notifiers.get(iommu)
    if (iommu === undefined || notifier === undefined) return
    iommu.unregister(notifier)
    this.#notifiers.delete(iommu)
    this.log.push(['window-del', hex(section.start), hex(section.size)])
  }

  #record(section: FlatRange, event: IommuEvent): undefined {
    const iova = hex(event.iova + section.start - section.offset)
    if (event.permission === Permission.none) this.log.push(['unmap', iova, hex(event.size)])
    else this.log.push(['map', iova, hex(event.translatedAddress), hex(event.size), event.permission])
  }
}
