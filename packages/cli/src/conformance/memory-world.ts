import { Notifier, NotifierFlag } from '@hostbridge/core/iommu'
import {
  type AddressSpace,
  AliasRegion,
  container,
  type FlatRange,
  type MemoryRegion,
  MemorySystem,
  mmio,
  Permission,
  RomDeviceRegion,
  ram,
  rom,
  romDevice,
} from '@hostbridge/core/memory'
import { fillMemory, hexOf, RecordedDevice } from './recorded-device.ts'
import { RecordedIommu } from './recorded-iommu.ts'
import type {
  IommuOperation,
  MapOperation,
  RecordedListener,
  RecordedNotifier,
  RecordedOperation,
  RecordedRead,
  RecordedRegion,
  RecordedScenario,
} from './recorded-scenario.ts'

/** What a step showed: the same keys as in the recording. */
export interface Observation {
  log?: readonly (readonly unknown[])[]
  bytes?: string
  result?: number
  valid?: boolean
  rc?: number
}

const EVENT_TYPES = { MAP: 'map', UNMAP: 'unmap', DEVIOTLB_UNMAP: 'dev-iotlb-unmap' } as const
const FLAGS = { MAP: NotifierFlag.map, UNMAP: NotifierFlag.unmap, DEVIOTLB_UNMAP: NotifierFlag.devIotlbUnmap }

/** The regions, spaces, listeners and notifiers of one recorded scenario, made of the real core. */
export class MemoryWorld {
  readonly #system = new MemorySystem('recorded')
  readonly #regions = new Map<number, MemoryRegion>()
  readonly #ids = new Map<MemoryRegion, number>()
  readonly #iommus = new Map<number, RecordedIommu>()
  readonly #spaces = new Map<number, AddressSpace>()
  readonly #notifiers = new Map<number, { notifier: Notifier; iommu: RecordedIommu }>()
  #log: (readonly unknown[])[] = []

  constructor(scenario: RecordedScenario) {
    for (const recorded of scenario.regions) {
      const region = this.#makeRegion(recorded)
      this.#regions.set(recorded.id, region)
      this.#ids.set(region, recorded.id)
      this.#system.adopt(region)
    }
    for (const { id, root } of scenario.spaces) {
      this.#spaces.set(id, this.#system.createSpace(`space ${id}`, this.#region(root)))
    }
  }

  /** Runs one step on the core. @throws where the core does. */
  run(operation: RecordedOperation): Observation {
    this.#log = []
    const observation = this.#perform(operation)
    return { log: this.#log, ...observation }
  }

  #perform(operation: RecordedOperation): Observation | undefined {
    switch (operation.op) {
      case 'read':
        return this.#read(operation)
      case 'write':
        return { result: this.#space(operation.space).write(operation.addr, operation.bytes) }
      case 'valid': {
        const access = operation.write ? Permission.write : Permission.read
        return { valid: this.#space(operation.space).valid(operation.addr, operation.length, access) }
      }
      case 'flat': {
        const { ranges } = this.#space(operation.space).flatView
        this.#log = ranges.map((range) => [
          hexOf(range.start),
          hexOf(range.size),
          this.#idOf(range),
          hexOf(range.offset),
        ])
        return undefined
      }
      case 'listen':
        return this.#listen(operation)
      case 'map':
      case 'event':
      case 'notifier':
      case 'unnotifier':
      case 'replay':
        return this.#performIommu(operation)
      default:
        this.#changeMap(operation)
        return undefined
    }
  }

  #read({ space, addr, length }: RecordedRead): Observation {
    const bytes = new Uint8Array(length)
    const result = this.#space(space).read(addr, bytes)
    return { result, bytes: Buffer.from(bytes).toString('hex') }
  }

  #changeMap(operation: MapOperation): void {
    switch (operation.op) {
      case 'begin':
        this.#system.begin()
        break
      case 'commit':
        this.#system.commit()
        break
      case 'add': {
        const options = operation.priority === undefined ? {} : { priority: operation.priority }
        this.#region(operation.parent).add(this.#region(operation.child), operation.offset, options)
        break
      }
      case 'del':
        this.#region(operation.parent).remove(this.#region(operation.child))
        break
      case 'enable':
        this.#region(operation.region).setEnabled(operation.enabled)
        break
      case 'readonly':
        this.#region(operation.region).setReadonly(operation.readonly)
        break
      case 'romd':
        this.#regionOf(operation.region, RomDeviceRegion).setRomMode(operation.romd)
        break
      case 'size':
        this.#region(operation.region).setSize(operation.size)
        break
      case 'address':
        this.#region(operation.region).setAddress(operation.offset)
        break
      case 'alias_offset':
        this.#regionOf(operation.region, AliasRegion).setTargetOffset(operation.offset)
        break
    }
  }

  #listen({ listener: id, space, priority }: RecordedListener): undefined {
    const log = (what: string) => (range: FlatRange) => {
      const place = [hexOf(range.start), hexOf(range.size), hexOf(range.offset)]
      this.#log.push([what, id, this.#idOf(range), ...place, range.readonly])
      return undefined
    }
    this.#space(space).register({
      name: `listener ${id}`,
      priority,
      begin: () => this.#log.push(['begin', id]),
      regionAdd: log('add'),
      regionDel: log('del'),
      regionNop: log('nop'),
      commit: () => this.#log.push(['commit', id]),
    })
  }

  #performIommu(operation: IommuOperation): Observation | undefined {
    switch (operation.op) {
      case 'map':
        this.#iommu(operation.region).set(operation)
        return undefined
      case 'event':
        this.#iommu(operation.region).announce(EVENT_TYPES[operation.type], operation)
        return undefined
      case 'notifier':
        return this.#addNotifier(operation)
      default: {
        const { notifier, iommu } = found(this.#notifiers.get(operation.notifier), `notifier ${operation.notifier}`)
        if (operation.op === 'unnotifier') iommu.unregister(notifier)
        else iommu.replay(notifier)
        return undefined
      }
    }
  }

  #addNotifier({ notifier: id, region, flags, start, end }: RecordedNotifier): Observation {
    const iommu = this.#iommu(region)
    const notifier = new Notifier({
      name: `notifier ${id}`,
      flags: flags.reduce((union, flag) => union | FLAGS[flag], 0),
      range: { start, last: end },
      notify: (event) => {
        const place = [hexOf(event.iova), hexOf(event.translatedAddress), hexOf(event.addressMask)]
        this.#log.push(['notify', id, ...place, event.permission])
      },
    })
    iommu.register(notifier)
    this.#notifiers.set(id, { notifier, iommu })
    return { rc: 0 }
  }

  #makeRegion(recorded: RecordedRegion): MemoryRegion {
    const name = `${recorded.kind} ${recorded.id}`
    switch (recorded.kind) {
      case 'container':
        return container(name, recorded.size)
      case 'ram':
      case 'rom': {
        const region = recorded.kind === 'ram' ? ram(name, recorded.size) : rom(name, recorded.size)
        fillMemory(recorded.id, region.memory)
        return region
      }
      case 'io':
        return mmio(name, recorded.size, new RecordedDevice(recorded, (entry) => this.#log.push(entry)))
      case 'romd': {
        const device = new RecordedDevice(recorded, (entry) => this.#log.push(entry))
        const region = romDevice(name, recorded.size, device)
        fillMemory(recorded.id, region.memory)
        return region
      }
      case 'alias':
        return new AliasRegion(name, this.#region(recorded.target), { offset: recorded.offset, size: recorded.size })
      case 'iommu': {
        const { id, size, minPageSize, targetSpace } = recorded
        const iommu = new RecordedIommu(name, size, minPageSize, () => this.#space(targetSpace))
        this.#iommus.set(id, iommu)
        return iommu.region
      }
    }
  }

  #idOf(range: FlatRange): number | undefined {
    return this.#ids.get(range.region)
  }

  #region(id: number): MemoryRegion {
    return found(this.#regions.get(id), `region ${id}`)
  }

  #regionOf<R extends MemoryRegion>(id: number, kind: new (...args: never[]) => R): R {
    const region = this.#region(id)
    return found(region instanceof kind ? region : undefined, `region ${id} of kind ${kind.name}`)
  }

  #iommu(id: number): RecordedIommu {
    return found(this.#iommus.get(id), `iommu region ${id}`)
  }

  #space(id: number): AddressSpace {
    return found(this.#spaces.get(id), `space ${id}`)
  }
}

function found<T>(value: T | undefined, what: string): T {
  if (value === undefined) throw new Error(`the scenario has no ${what}`)
  return value
}
