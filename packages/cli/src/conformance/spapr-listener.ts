import { type Iommu, type IommuEvent, iommuOf, Notifier, NotifierFlag } from '@hostbridge/core/iommu'
import { type FlatRange, type MemoryListener, Permission } from '@hostbridge/core/memory'
import { hexOf } from './recorded-device.ts'

/** One line of a recording's log: windows, maps and unmaps, with absolute bus addresses. */
export type SpaprLogEntry = readonly (string | number)[]

/** The listener of the recordings: as VFIO does, it gives every IOMMU section a notifier and replays what is there. */
export class SpaprListener implements MemoryListener {
  readonly name: string = 'recorded listener'
  readonly priority: number = 0
  readonly #log: (entry: SpaprLogEntry) => void
  readonly #notifiers = new Map<Iommu, Notifier>()

  constructor(log: (entry: SpaprLogEntry) => void) {
    this.#log = log
  }

  regionAdd(section: FlatRange): undefined {
    const iommu = iommuOf(section.region)
    if (iommu === undefined) return
    this.#log(['window-add', hexOf(section.start), hexOf(section.size)])
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
    this.#log(['window-del', hexOf(section.start), hexOf(section.size)])
  }

  #record(section: FlatRange, event: IommuEvent): undefined {
    const place = [hexOf(event.iova + section.start - section.offset), hexOf(event.size)] as const
    if (event.permission === Permission.none) this.#log(['unmap', ...place])
    else this.#log(['map', place[0], hexOf(event.translatedAddress), place[1], event.permission])
  }
}
