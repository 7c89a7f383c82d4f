import { GiB, MiB } from '@hostbridge/core/address'
import { type Iommu, LinearTable, PageTableIommu, RUN_LANES, RunLane } from '@hostbridge/core/iommu'
import { Device, Machine } from '@hostbridge/core/machine'
import { container, ram } from '@hostbridge/core/memory'
import { DmaEngine } from '@hostbridge/devices/endpoints'
import { PciBus } from '@hostbridge/devices/pci'
import { TceTable } from '@hostbridge/devices/spapr'
import { Host, type HostSink, Type1Iommu, type Type1Options, VfioPciDevice } from '@hostbridge/devices/vfio'

class Bridge extends Device {}

const LIOBN = 0x8000_0000

/** A guest whose one bus an IOMMU translates, and hosts that can have a card of theirs on it. */
export class Scene {
  readonly machine: Machine = new Machine('guest')
  readonly iommu: Iommu
  readonly linear: LinearTable
  readonly radix: PageTableIommu
  readonly #bus: PciBus
  #slots = 0

  /** `kind` says which of the two tables the bus has; a linear one has `entries` pages of 4 KiB. */
  constructor(kind: 'linear' | 'radix', entries = 2 ** 16) {
    this.machine.map(0n, ram('ram', 1024n * GiB))
    this.linear = new LinearTable({ entries, pageShift: 12, segmentShift: 12 })
    this.radix = new PageTableIommu({ name: 'radix', target: this.machine.space })
    const tces = new TceTable(LIOBN, this.machine.space)
    tces.enable({ pageShift: 12, busOffset: 0n, entries }, this.linear)
    this.iommu = kind === 'linear' ? tces : this.radix
    const root = container('dma')
    root.add(kind === 'linear' ? tces.root : this.radix.region, 0n)
    const bridge = this.machine.plug(new Bridge('bridge'))
    this.#bus = new PciBus({ name: 'bus', bridge, dma: this.machine.memory.createSpace('dma', root) })
  }

  /** A host of its own with a card on the bus, which has been told of the mappings or not. */
  plug(replay: boolean, options: Type1Options = {}): Plugged {
    const host = new Host({ iommu: new Type1Iommu({ maxTableBytes: Number(64n * MiB), ...options }) })
    const card = host.plug('0000:01:00.0', new DmaEngine())
    const device = this.#bus.plug(
      `00:${(this.#slots++ % 32).toString(16).padStart(2, '0')}.0`,
      new VfioPciDevice(card, { replay }),
    )
    return new Plugged(this, device)
  }

  unplug({ device }: Plugged): void {
    this.#bus.unplug(device)
  }
}

/** A card on the bus, and what its host has mapped for it. */
export class Plugged {
  readonly device: VfioPciDevice
  readonly sink: HostSink
  readonly #scene: Scene

  constructor(scene: Scene, device: VfioPciDevice) {
    this.device = device
    this.#scene = scene
    this.sink = device.container!.sink(scene.iommu)
  }

  /** Every byte of the host's page table. */
  get bytes(): Buffer {
    const { table } = this.device.container!.table
    return Buffer.from(new Uint8Array(table.source().buffer).slice(0, table.bytes))
  }

  get entries(): number {
    return this.device.container!.table.entries
  }

  unplug(): void {
    this.#scene.unplug(this)
  }
}

/** The first `count` of some runs, as lists of their lanes. */
export function listed(runs: Float64Array, count: number): number[][] {
  return Array.from({ length: count }, (_, index) => [...runs.subarray(index * RUN_LANES, (index + 1) * RUN_LANES)])
}

/** Runs as a walker hands them over. */
export function lanesOf(runs: readonly (readonly number[])[]): Float64Array {
  const lanes = new Float64Array(runs.length * RUN_LANES)
  for (const [index, [iova = 0, frames = 0, target = 0, meta = 0]] of runs.entries()) {
    lanes[index * RUN_LANES + RunLane.iova] = iova
    lanes[index * RUN_LANES + RunLane.frames] = frames
    lanes[index * RUN_LANES + RunLane.target] = target
    lanes[index * RUN_LANES + RunLane.meta] = meta
  }
  return lanes
}
