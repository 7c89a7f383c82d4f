import { KiB, MiB } from '@hostbridge/core/address'
import { Machine } from '@hostbridge/core/machine'
import { mmio, ram } from '@hostbridge/core/memory'
import { EcamHost, type EcamHostOptions } from '@hostbridge/devices/ecam'
import { Command, Header, type PciBridge, PciDevice, type PciIdentity, Type1 } from '@hostbridge/devices/pci'

/** A function with 4 KiB of memory at BAR 0 that answers 0x51 everywhere, and 16 bytes of I/O at BAR 1 that answer 0x10. */
export class Card extends PciDevice {
  resets = 0

  constructor(name = 'card', identity: PciIdentity = {}) {
    super(name, { interruptPin: 1, ...identity })
    const region = mmio(`${name} registers`, 4n * KiB, { read: () => 0x51, write: () => undefined })
    const ports = mmio(`${name} ports`, 16n, { read: () => 0x10, write: () => undefined })
    this.bars.add(0, { kind: 'memory32', region })
    this.bars.add(1, { kind: 'io', region: ports })
  }

  override resetHold(): void {
    super.resetHold()
    this.resets++
  }
}

export const ECAM = 0x40_1000_0000n

/** A machine with 1 MiB of RAM and a generic host, as the tests of bridges use it. */
export function bridgeScene(options: EcamHostOptions = {}) {
  const machine = new Machine('m')
  machine.map(0n, ram('ram', 1n * MiB))
  const host = machine.plug(new EcamHost(options))
  const word = new Uint8Array(4)
  const view = new DataView(word.buffer)
  const at = (bus: number, device: number, register: number): bigint =>
    ECAM + BigInt((bus << 20) | (device << 15) | register)
  return {
    machine,
    host,
    /** Reads 32 bits of configuration space as a guest does. */
    config(bus: number, device: number, register = 0): number {
      machine.space.read(at(bus, device, register), word)
      return view.getUint32(0, true)
    },
    /** Reads 32 bits of system memory. */
    peek(address: bigint): number {
      machine.space.read(address, word)
      return view.getUint32(0, true)
    },
  }
}

/** Numbers a bridge as firmware does. */
export function number(bridge: PciBridge, primary: number, secondary: number, subordinate: number = secondary): void {
  bridge.config.write(Type1.primaryBus.offset, 4, primary | (secondary << 8) | (subordinate << 16))
}

/** Opens a bridge's memory window, addresses in MiB, and lets everything through. */
export function openMemory(bridge: PciBridge, base: number, limit: number): void {
  bridge.config.write(Type1.memoryBase.offset, 4, (base << 4) | (limit << 20))
  bridge.config.write(Header.command.offset, 2, Command.io | Command.memory | Command.busMaster)
}

/** Opens the prefetchable window, addresses in MiB. */
export function openPrefetchable(bridge: PciBridge, base: number, limit: number): void {
  bridge.config.write(Type1.prefetchableBase.offset, 4, (((base & 0xfff) << 4) | ((limit & 0xfff) << 20)) >>> 0)
  bridge.config.write(Type1.prefetchableBaseUpper.offset, 4, Math.floor(base / 4096))
  bridge.config.write(Type1.prefetchableLimitUpper.offset, 4, Math.floor(limit / 4096))
}

/** Opens the I/O window, addresses in units of 4 KiB. */
export function openIo(bridge: PciBridge, base: number, limit: number): void {
  bridge.config.write(Type1.ioBase.offset, 2, (base << 4) | (limit << 12))
}

/** Points a card at memory and I/O, and enables it. */
export function enable(card: PciDevice, memory: number, io = 0): void {
  card.config.write(0x10, 4, memory)
  card.config.write(0x14, 4, io)
  card.config.write(Header.command.offset, 2, Command.io | Command.memory | Command.busMaster)
}
