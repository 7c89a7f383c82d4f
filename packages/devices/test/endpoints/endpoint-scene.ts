import { KiB } from '@hostbridge/core/address'
import { Device, Machine } from '@hostbridge/core/machine'
import { type AddressSpace, alias, ContainerRegion, mmio, ram } from '@hostbridge/core/memory'
import { Command, Header, PciBus, type PciDevice } from '@hostbridge/devices/pci'

class Bridge extends Device {}

/** Where DMA finds what lies at 0 of the machine's memory. */
export const RAM = 0x100_0000n

/** Bytes of that memory. */
export const RAM_SIZE: bigint = 64n * KiB

/** Where messages end. */
const DOORBELL = 0xfee0_0000n

export interface EndpointScene<D extends PciDevice> {
  readonly machine: Machine
  readonly device: D
  readonly bus: PciBus
  /** Where DMA goes. */
  readonly dma: AddressSpace
  /** Messages as `data@time`, and changes of the interrupt wire as `up@time` and `down@time`, in their order. */
  readonly heard: string[]
  /** Reads a register of a BAR as a number, little-endian; `~` and the bits of the result where it is refused. */
  peek(offset: number, size?: number, bar?: number): bigint | string
  /** Writes one; returns the bits of the result. */
  poke(offset: number, value: number | bigint, size?: number, bar?: number): number
  /** What lies in the machine's memory. */
  memory(address: number, length: number): Uint8Array
  fill(address: number, bytes: readonly number[]): void
}

/** A bus with one function as a driver has set it up: its BARs are mapped and it may be a bus master. */
export function endpointScene<D extends PciDevice>(device: D): EndpointScene<D> {
  const machine = new Machine('m')
  const memory = ram('ram', RAM_SIZE)
  machine.map(0n, memory)
  const heard: string[] = []
  const doorbell = mmio('doorbell', 4n * KiB, {
    read: () => 0,
    write: (_, data) => void heard.push(`${data}@${machine.now}`),
  })
  const root = new ContainerRegion('dma')
  root.add(alias('ram as devices see it', memory), RAM)
  root.add(doorbell, DOORBELL)
  const windows = { memory: new ContainerRegion('pci memory'), io: new ContainerRegion('pci io') }
  const spaces = {
    memory: machine.memory.createSpace('pci memory', windows.memory),
    io: machine.memory.createSpace('pci io', windows.io),
  }
  const dma = machine.memory.createSpace('dma', root)
  const bus = new PciBus({
    name: 'pci.0',
    bridge: machine.plug(new Bridge('bridge')),
    dma,
    ...windows,
    interrupt: (_, raised) => void heard.push(`${raised ? 'up' : 'down'}@${machine.now}`),
  })
  bus.plug('02.0', device)
  setUp(device)
  const place = (bar: number): { space: typeof spaces.memory; address: bigint } => {
    const space = device.bars.all.get(bar)?.io === true ? spaces.io : spaces.memory
    return { space, address: device.bars.addressOf(bar) ?? 0n }
  }
  return {
    machine,
    device,
    bus,
    dma,
    heard,
    peek(offset, size = 4, bar = 0) {
      const bytes = new Uint8Array(size)
      const { space, address } = place(bar)
      const result = space.read(address + BigInt(offset), bytes)
      if (result !== 0) return `~${result}`
      return bytes.reduceRight((value, byte) => (value << 8n) | BigInt(byte), 0n)
    },
    poke(offset, value, size = 4, bar = 0) {
      const bytes = Uint8Array.from({ length: size }, (_, at) => Number((BigInt(value) >> BigInt(8 * at)) & 0xffn))
      const { space, address } = place(bar)
      return space.write(address + BigInt(offset), bytes)
    },
    memory(address, length) {
      const bytes = new Uint8Array(length)
      machine.space.read(BigInt(address), bytes)
      return bytes
    },
    fill: (address, bytes) => void machine.space.write(BigInt(address), Uint8Array.from(bytes)),
  }
}

/** Maps the BARs of a function, each 64 MiB after the one before, and lets it decode and be a bus master. */
export function setUp(device: PciDevice): void {
  for (const [index, bar] of device.bars.all) bar.point(bar.io ? 0x1000n : 0x8000_0000n + BigInt(index) * 0x400_0000n)
  device.config.write(Header.command.offset, 2, Command.memory | Command.io | Command.busMaster)
}

/** Points the function's MSI at the doorbell and switches it on. */
export function useMessages(device: PciDevice, data: number): void {
  device.msi?.setMessage(DOORBELL, data)
  device.config.write((device.msi?.offset ?? 0) + 2, 2, 1)
}
