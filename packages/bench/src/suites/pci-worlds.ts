import { GiB, KiB, type Range, rangeOf } from '@hostbridge/core/address'
import { Machine } from '@hostbridge/core/machine'
import { mmio } from '@hostbridge/core/memory'
import { EcamHost } from '@hostbridge/devices/ecam'
import { EcamConfigAccess, type FirmwareWindows, PciBridge, type PciBus, PciDevice } from '@hostbridge/devices/pci'

/** Device numbers of a bus. */
const DEVICES = 32

/** Bytes of a card's BAR. */
const BAR_SIZE = 4n * KiB

const ECAM = 0x40_1000_0000n

/** Where BARs may lie: 2 GiB, which is room for 256 buses with a window of 1 MiB each. */
const MEMORY: Range = rangeOf(0x4000_0000n, 2n * GiB)

/** Bridges from a bus to others: at functions 1 of its last devices. */
const BRIDGES = 8

/** A function with one BAR of registers. */
export class BenchCard extends PciDevice {
  constructor(name: string) {
    super(name, { vendor: 0x1b36, device: 0x0005 })
    this.bars.add(0, {
      kind: 'memory32',
      region: mmio(`${name} registers`, BAR_SIZE, { read: () => 0, write: () => {} }),
    })
  }
}

/** A generic host with functions behind it, and its configuration space as firmware reaches it. */
export interface PciWorld {
  readonly machine: Machine
  readonly bus: PciBus
  readonly access: EcamConfigAccess
  readonly windows: FirmwareWindows
  readonly cards: readonly BenchCard[]
  /** Each before what is behind it. */
  readonly bridges: readonly PciBridge[]
}

/** All functions on one bus: as many at a time as it has devices. */
export function oneBus(functions: number): PciWorld {
  const { machine, bus, access } = host()
  const cards = Array.from({ length: functions }, (_, index) => {
    return bus.plug(placeOf(index % DEVICES, Math.floor(index / DEVICES)), new BenchCard(`card${index}`))
  })
  return { machine, bus, access, cards, bridges: [], windows: { memory32: MEMORY } }
}

/** A tree of buses with a card at function 0 of each of their devices; up to 8 of these have a bridge beside it, at function 1. */
export function manyBuses(count: number): PciWorld {
  const { machine, bus, access } = host()
  const cards: BenchCard[] = []
  const bridges: PciBridge[] = []
  for (let index = 0; index < count; index++) {
    const here = index === 0 ? bus : (bridges[index - 1] as PciBridge)
    for (let device = 0; device < DEVICES; device++) {
      cards.push(here.plug(placeOf(device, 0), new BenchCard(`card${cards.length}`)))
    }
    for (let bridge = 0; bridge < BRIDGES && bridges.length < count - 1; bridge++) {
      bridges.push(here.plug(placeOf(bridge, 1), new PciBridge({ name: `bridge${bridges.length}` })))
    }
  }
  return { machine, bus, access, cards, bridges, windows: { memory32: MEMORY } }
}

/** Where registers of a function are in system memory. */
export function configAddress(requester: number, offset = 0): bigint {
  return ECAM + BigInt(requester * 4096 + offset)
}

function host(): Pick<PciWorld, 'machine' | 'bus' | 'access'> {
  const machine = new Machine('bench')
  const { bus } = machine.plug(
    new EcamHost({
      ecam: { address: ECAM, buses: 256 },
      memory32: { address: MEMORY.start, size: MEMORY.last - MEMORY.start + 1n },
      memory64: false,
      io: false,
    }),
  )
  return { machine, bus, access: new EcamConfigAccess(machine.space, ECAM) }
}

function placeOf(device: number, fn: number): string {
  return `${device.toString(16).padStart(2, '0')}.${fn}`
}
