import { expect } from 'vitest'
import { type Notifier, PageTableIommu } from '../../../src/iommu/index.ts'
import {
  type AddressSpace,
  AliasRegion,
  ContainerRegion,
  type MemoryListener,
  type MemoryRegion,
  MemorySystem,
  mmio,
  ram,
  ramDevice,
  reserved,
  romDevice,
} from '../../../src/memory/index.ts'
import { ModelDevice, PROFILES } from './model-device.ts'
import { type ModelNotifier, ModelTable } from './model-iommu.ts'
import { type ModelKind, ModelRegion } from './model-region.ts'
import { type ModelListener, type ModelSpace, ModelSystem, rangeText } from './model-system.ts'

export interface RegionPair {
  readonly model: ModelRegion
  readonly real: MemoryRegion
  readonly iommu: PageTableIommu | undefined
}

export interface SpacePair {
  readonly model: ModelSpace
  readonly real: AddressSpace
}

export interface ListenerPair {
  readonly model: ModelListener
  readonly real: MemoryListener
}

export interface NotifierPair {
  readonly model: ModelNotifier
  readonly real: Notifier
  readonly iommu: RegionPair
}

/** The largest region of registers that the real thing takes. */
const MOST_REGISTERS = 2n ** 53n

/** The model and the real memory system side by side: whatever is done to one is done to the other. */
export class Scene {
  /** What places and sizes are multiples of. */
  readonly unit: bigint
  readonly model: ModelSystem = new ModelSystem()
  readonly real: MemorySystem = new MemorySystem('machine')
  readonly log: string[] = []
  readonly regions: RegionPair[] = []
  spaces: SpacePair[] = []
  listeners: ListenerPair[] = []
  notifiers: NotifierPair[] = []
  #count = 0

  constructor(unit: bigint) {
    this.unit = unit
    for (const name of ['memory', 'dma']) {
      const root = this.#pair(
        new ModelRegion(`${name} root`, 'container', 2n ** 64n),
        new ContainerRegion(`${name} root`),
      )
      this.createSpace(root, name)
    }
  }

  makeRegion(kind: ModelKind, size: bigint, target: RegionPair, offset: bigint, profile: number): RegionPair {
    const name = `${kind} ${this.regions.length}`
    if (kind === 'container') return this.#pair(new ModelRegion(name, kind, size), new ContainerRegion(name, size))
    if (kind === 'ram') return this.#pair(new ModelRegion(name, kind, size), ram(name, size))
    if (kind === 'reserved') return this.#pair(new ModelRegion(name, kind, size), reserved(name, size))
    if (kind === 'alias') {
      const model = new ModelRegion(name, kind, size)
      model.target = target.model
      model.targetOffset = offset
      return this.#pair(model, new AliasRegion(name, target.real, { offset, size }))
    }
    if (kind === 'iommu') return this.#makeIommu(name, size, this.spaces[profile % 2]!)
    const model = new ModelRegion(name, kind, size < MOST_REGISTERS ? size : MOST_REGISTERS)
    if (kind === 'ramd') return this.#pair(model, ramDevice(name, model.size))
    model.device = new ModelDevice(name, PROFILES[profile % PROFILES.length]!, this.model.log)
    const ops = new ModelDevice(name, model.device.profile, this.log).toOps()
    return this.#pair(model, kind === 'mmio' ? mmio(name, model.size, ops) : romDevice(name, model.size, ops))
  }

  createSpace({ model, real }: RegionPair, name: string = `space ${this.#count++}`): void {
    this.spaces.push({ model: this.model.createSpace(name, model), real: this.real.createSpace(name, real) })
  }

  destroySpace(space: SpacePair): void {
    this.model.destroySpace(space.model)
    this.real.destroySpace(space.real)
    this.spaces = this.spaces.filter((other) => other !== space)
  }

  listenTo({ model, real }: SpacePair, priority: number): void {
    const name = `L${this.#count++}`
    const note = (what: string, section: Parameters<typeof rangeText>[0], space: AddressSpace) => {
      const seen = space.find(section.start)?.region.name ?? 'nothing'
      this.log.push(`${what} ${name} ${rangeText(section)}, sees ${seen}`)
    }
    const listener: MemoryListener = {
      name,
      priority,
      begin: () => void this.log.push(`begin ${name}`),
      regionAdd: (section, space) => void note('add', section, space),
      regionDel: (section, space) => note('del', section, space),
      regionNop: (section, space) => note('nop', section, space),
      logStart: (section, space, before, after) => note(`log start ${before}-${after}`, section, space),
      logStop: (section, space, before, after) => note(`log stop ${before}-${after}`, section, space),
      commit: () => void this.log.push(`commit ${name}`),
    }
    const pair = { model: { name, priority, space: model }, real: listener }
    this.listeners.push(pair)
    this.model.register(pair.model)
    real.register(listener)
  }

  endListening(listener: ListenerPair): void {
    this.listeners = this.listeners.filter((other) => other !== listener)
    this.model.unregister(listener.model)
    this.spaces.find(({ model }) => model === listener.model.space)!.real.unregister(listener.real)
  }

  /** Everything that can be seen from outside is the same. */
  compare(): void {
    expect(this.log).toEqual(this.model.log)
    this.log.length = 0
    this.model.log.length = 0
    for (const { model, real } of this.spaces) {
      expect([...real.flatView.ranges].map(rangeText), real.name).toEqual(model.view.map(rangeText))
      for (const { start, last, region } of model.view) {
        expect(real.find(start)?.region.name).toBe(region.name)
        expect(real.find(last)?.region.name).toBe(region.name)
      }
      const twin = this.spaces.find((other) => other.model.key === model.key)
      expect(twin?.real.flatView).toBe(real.flatView)
    }
  }

  #makeIommu(name: string, size: bigint, { model: target, real }: SpacePair): RegionPair {
    const model = new ModelRegion(name, 'iommu', size)
    model.table = new ModelTable(size, target, this.model.log)
    const iommu = new PageTableIommu({ name, size, target: real, pageSizes: [4096n] })
    return this.#pair(model, iommu.region, iommu)
  }

  #pair(model: ModelRegion, real: MemoryRegion, iommu?: PageTableIommu): RegionPair {
    const pair = { model, real, iommu }
    this.regions.push(pair)
    this.real.adopt(real)
    return pair
  }
}
