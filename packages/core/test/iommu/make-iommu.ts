import { type IommuEvent, Notifier, type NotifierOptions, PageTableIommu } from '../../src/iommu/index.ts'
import { type AddressSpace, ContainerRegion, MemorySystem } from '../../src/memory/index.ts'

/** An address space for translations to lead to. */
export function makeTarget(): AddressSpace {
  return new MemorySystem('test').createSpace('system', new ContainerRegion('root'))
}

export function makeIommu(
  options: { size?: bigint; pageSizes?: readonly bigint[]; maxBytes?: number } = {},
): PageTableIommu {
  return new PageTableIommu({ ...options, target: makeTarget() })
}

/** An event as text: `map 0x1000+0x2000 -> 0x5000 rw`. */
export function format(event: IommuEvent): string {
  const range = `${event.type} 0x${event.iova.toString(16)}+0x${event.size.toString(16)}`
  if (event.type !== 'map') return range
  return `${range} -> 0x${event.translatedAddress.toString(16)} ${['-', 'r', 'w', 'rw'][event.permission]}`
}

export interface Recorder {
  readonly notifier: Notifier
  readonly log: string[]
}

/** A notifier for maps and unmaps that writes down what it hears, behind its name. */
export function record(options: Partial<NotifierOptions> = {}, log: string[] = []): Recorder {
  const prefix = options.name === undefined ? '' : `${options.name}: `
  const notifier = new Notifier({
    flags: 3,
    ...options,
    notify: (event) => {
      log.push(prefix + format(event))
      return options.notify?.(event)
    },
  })
  return { notifier, log }
}

/** A refusal of one page. */
export function refusal(code: string): [{ iova: bigint; size: bigint; code: string; reason: string }] {
  return [{ iova: 0n, size: 4096n, code, reason: `refused for ${code}` }]
}
