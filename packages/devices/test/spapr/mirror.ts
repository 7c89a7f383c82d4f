import { type IommuEvent, Notifier, NotifierFlag } from '@hostbridge/core/iommu'
import { Permission, type Refusal } from '@hostbridge/core/memory'

/** A notifier that keeps what it is told, page frame by page frame, and refuses maps that it is told to refuse. */
export class Mirror {
  readonly name: string
  readonly notifier: Notifier
  /** Page frame to target frame and permission. */
  readonly pages = new Map<number, string>()
  /** Every event, as `map 0x1000 → 0x5000 3` or `unmap 0x1000`. */
  readonly log: string[] = []
  refuses: (event: IommuEvent) => boolean = () => false

  constructor(name: string) {
    this.name = name
    this.notifier = new Notifier({
      name,
      flags: NotifierFlag.map | NotifierFlag.unmap,
      notify: (event) => this.#notify(event),
    })
  }

  #notify(event: IommuEvent): Refusal | undefined {
    const iova = `0x${event.iova.toString(16)}`
    if (this.refuses(event)) {
      this.log.push(`refuse ${iova}`)
      return [{ iova: event.iova, size: event.size, code: 'limit', reason: 'the host is full' }]
    }
    const isMap = event.permission !== Permission.none
    this.log.push(
      isMap ? `map ${iova} → 0x${event.translatedAddress.toString(16)} ${event.permission}` : `unmap ${iova}`,
    )
    for (let page = 0; page < event.frames; page++) {
      if (isMap) this.pages.set(event.frame + page, `${event.target + page} ${event.permission}`)
      else this.pages.delete(event.frame + page)
    }
    return undefined
  }
}
