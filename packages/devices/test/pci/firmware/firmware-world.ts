import { GiB, KiB, MiB, rangeOf } from '@hostbridge/core/address'
import { Machine } from '@hostbridge/core/machine'
import { mmio, ram } from '@hostbridge/core/memory'
import { EcamHost } from '@hostbridge/devices/ecam'
import {
  type BarKind,
  type ConfigAccess,
  EcamConfigAccess,
  type FirmwareWindows,
  type PciBus,
  PciDevice,
} from '@hostbridge/devices/pci'
import { firmwareWindows, RtasConfigAccess, SpaprHostBridge } from '@hostbridge/devices/spapr'

/** A BAR of a card: which register, what it decodes, and how many bytes. */
export interface CardBar {
  readonly index: number
  readonly kind: BarKind
  readonly size: bigint
  readonly prefetchable?: boolean
}

/** A function whose BARs answer with its number and theirs wherever they are read. */
export class NumberedCard extends PciDevice {
  readonly number: number

  constructor(number: number, bars: readonly CardBar[] = []) {
    super(`card${number}`, { vendor: 0x1b36, device: number, classCode: 0x02_0000 })
    this.number = number
    for (const { index, size, ...bar } of bars) {
      const answer = answerOf(number, bar.kind === 'rom' ? 6 : index)
      const region = mmio(`card${number} bar${index}`, size, { read: () => answer, write: () => {} })
      this.bars.add(index, { ...bar, region })
    }
  }
}

export function answerOf(number: number, bar: number): number {
  return 0x5000_0000 | (number << 8) | bar
}

/** A host bridge with a machine, as its firmware reaches it. */
export interface FirmwareWorld {
  readonly machine: Machine
  readonly bus: PciBus
  readonly access: ConfigAccess
  readonly windows: FirmwareWindows
  /** Where system memory shows an address of the bus. */
  systemAddress(kind: BarKind, address: bigint): bigint
}

/** A pseries machine, whose firmware goes through RTAS. */
export function pseriesWorld(): FirmwareWorld {
  const machine = new Machine('pseries')
  machine.map(0n, ram('ram', 1n * MiB))
  const phb = machine.plug(new SpaprHostBridge({ index: 1 }))
  const { hypercalls, buid, bus, addresses } = phb
  const access = new RtasConfigAccess({ hypercalls, buid, memory: machine.space, buffer: 0x1000n })
  return {
    machine,
    bus,
    access,
    windows: firmwareWindows(addresses),
    systemAddress: (kind, address) => {
      const window = addresses.all.find((it) => {
        return (it.kind === 1) === (kind === 'io') && address >= it.bus && address < it.bus + it.size
      })
      return window === undefined ? -1n : address - window.bus + window.system
    },
  }
}

/** A machine with a generic host, whose firmware goes through its memory window. */
export function ecamWorld(): FirmwareWorld {
  const machine = new Machine('virt')
  const memory32 = { address: 0x1000_0000n, size: 0x2eff_0000n }
  const memory64 = { address: 512n * GiB, size: 512n * GiB }
  const io = { address: 0x3eff_0000n, bus: 0n, size: 64n * KiB }
  const ecam = { address: 0x40_1000_0000n, buses: 256 }
  const host = machine.plug(new EcamHost({ ecam, memory32, memory64, io }))
  return {
    machine,
    bus: host.bus,
    access: new EcamConfigAccess(machine.space, ecam.address),
    windows: {
      io: rangeOf(0n, io.size),
      memory32: rangeOf(memory32.address, memory32.size),
      memory64: rangeOf(memory64.address, memory64.size),
    },
    systemAddress: (kind, address) => (kind === 'io' ? address + io.address : address),
  }
}

/** Reads 32 bits of what a BAR shows in system memory. */
export function peek({ machine }: FirmwareWorld, address: bigint): number {
  return machine.space.load32(address, 'little')
}
