import { KiB } from '@hostbridge/core/address'
import { Device, type InterruptLine, Machine } from '@hostbridge/core/machine'
import { ContainerRegion, mmio } from '@hostbridge/core/memory'
import { Command, Header, type MsiOptions, PciBus, PciDevice } from '@hostbridge/devices/pci'

class Bridge extends Device {}

/** A function with MSI or MSI-X and a pin, whose tables are part of a BAR. */
export class Signaller extends PciDevice {
  constructor(options: { msi?: MsiOptions; vectors?: number } = {}) {
    super('card', { interruptPin: 1 })
    if (options.msi !== undefined) this.useMsi(options.msi)
    if (options.vectors === undefined) return
    const within = mmio('card bar0', 64n * KiB, { read: () => 0, write: () => undefined })
    this.useMsix({ vectors: options.vectors, within, bar: 0, pendingOffset: 0x8000 })
    this.bars.add(0, { kind: 'memory32', region: within })
  }

  get line(): InterruptLine {
    return this.interrupts.get('intx') as InterruptLine
  }

  write16(offset: number, value: number): void {
    this.config.write(offset, 2, value)
  }
}

/** Where the function's messages end. */
const DOORBELL = 0xfee0_0000n

/** A bus with one function, as a bus master; `heard` has every message as `address:data`, `wires` every change of a wire. */
export function interruptScene(options: { msi?: MsiOptions; vectors?: number } = {}): {
  machine: Machine
  card: Signaller
  bus: PciBus
  heard: string[]
  wires: string[]
  /** Writes 32 bits of the function's BAR. */
  poke(offset: number, value: number): void
  peek(offset: number): number
} {
  const machine = new Machine('m')
  const heard: string[] = []
  const wires: string[] = []
  const root = new ContainerRegion('dma')
  const doorbell = mmio('doorbell', 4n * KiB, {
    read: () => 0,
    write: (offset, data, _size, { attrs }) => {
      heard.push(
        `${(Number(DOORBELL) + offset).toString(16)}:${data.toString(16)} from ${attrs.requester?.toString(16)}`,
      )
    },
  })
  root.add(doorbell, DOORBELL)
  const dma = machine.memory.createSpace('dma', root)
  const memory = new ContainerRegion('pci memory')
  const pci = machine.memory.createSpace('pci', memory)
  const interrupt = (wire: number, raised: boolean): void => void wires.push(`${wire} ${raised ? 'up' : 'down'}`)
  const bus = new PciBus({ name: 'pci.0', bridge: machine.plug(new Bridge('bridge')), dma, memory, interrupt })
  const card = bus.plug('02.0', new Signaller(options))
  card.config.write(0x10, 4, 0x8000_0000)
  card.write16(Header.command.offset, Command.memory | Command.busMaster)
  const word = new Uint8Array(4)
  const view = new DataView(word.buffer)
  return {
    machine,
    card,
    bus,
    heard,
    wires,
    poke(offset, value) {
      view.setUint32(0, value, true)
      pci.write(0x8000_0000n + BigInt(offset), word)
    },
    peek(offset) {
      pci.read(0x8000_0000n + BigInt(offset), word)
      return view.getUint32(0, true)
    },
  }
}
