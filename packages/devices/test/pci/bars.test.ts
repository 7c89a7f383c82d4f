import { GiB, KiB, MiB } from '@hostbridge/core/address'
import { Device, Machine } from '@hostbridge/core/machine'
import { ContainerRegion, type MemoryListener, mmio, Permission } from '@hostbridge/core/memory'
import { type BarKind, Command, Header, PciBus, PciDevice } from '@hostbridge/devices/pci'
import { describe, expect, test } from 'vitest'

const { command } = Header

class Bridge extends Device {}

class Card extends PciDevice {
  constructor(name: string, bars: readonly [index: number, kind: BarKind, size: bigint][]) {
    super(name)
    this.usePowerManagement()
    for (const [index, kind, size] of bars) {
      const region = mmio(`${name} bar${index}`, size, { read: (offset) => offset + index, write: () => undefined })
      this.bars.add(index, { kind, region })
    }
  }

  command(bits: number): void {
    this.config.write(command.offset, 2, bits)
  }
}

function scene(zeroAllowed = false): { machine: Machine; bus: PciBus; memory: ContainerRegion; io: ContainerRegion } {
  const machine = new Machine('m')
  const bridge = machine.plug(new Bridge('bridge'))
  const memory = new ContainerRegion('pci memory')
  const io = new ContainerRegion('pci io', 64n * KiB)
  const dma = machine.memory.createSpace('dma', new ContainerRegion('nothing'))
  machine.memory.createSpace('pci', memory)
  machine.memory.createSpace('pio', io)
  return { machine, memory, io, bus: new PciBus({ name: 'pci.0', bridge, dma, memory, io, zeroAllowed }) }
}

describe('base address registers', () => {
  test.each<[BarKind, bigint, bigint]>([
    ['memory32', 4n * KiB, 0xffff_f000n],
    ['memory64', 4n * GiB, 0xffff_ffff_0000_0004n],
    ['io', 256n, 0xffff_ff01n],
  ])('tell the size of a %s region of 0x%x bytes to a guest that writes all ones (PC-6)', (kind, size, answer) => {
    const card = new Card('card', [[0, kind, size]])

    card.config.write(0x10, 4, 0xffff_ffff)
    card.config.write(0x14, 4, 0xffff_ffff)

    const high = kind === 'memory64' ? BigInt(card.config.read(0x14, 4)) << 32n : 0n
    expect(high | BigInt(card.config.read(0x10, 4))).toBe(answer)
    expect(card.bars.addressOf(0)).toBeUndefined()
  })

  test('show a region where they point while the command register lets it through (PC-6)', () => {
    const { bus } = scene()
    const card = bus.plug(
      '01.0',
      new Card('card', [
        [0, 'memory32', 4n * KiB],
        [1, 'io', 256n],
      ]),
    )
    card.config.write(0x10, 4, 0x8000_0000)
    card.config.write(0x14, 4, 0x1000)

    const seen = [0, Command.memory, Command.io, Command.memory | Command.io].map((bits) => {
      card.command(bits)
      return [card.bars.addressOf(0), card.bars.addressOf(1)]
    })

    expect(seen).toEqual([
      [undefined, undefined],
      [0x8000_0000n, undefined],
      [undefined, 0x1000n],
      [0x8000_0000n, 0x1000n],
    ])
  })

  test('move a region that is enabled, in one commit (PC-6)', () => {
    const { bus, machine } = scene()
    const card = bus.plug('01.0', new Card('card', [[0, 'memory64', 4n * KiB]]))
    card.command(Command.memory)
    card.config.write(0x10, 4, 0x8000_0000)
    const space = machine.memory.spaces.find(({ name }) => name === 'pci') as never as typeof machine.space
    const heard: string[] = []
    const listener: MemoryListener = {
      name: 'l',
      priority: 0,
      begin: () => void heard.push('begin'),
      regionDel: ({ start }) => void heard.push(`del ${start.toString(16)}`),
      regionAdd: ({ start }) => void heard.push(`add ${start.toString(16)}`),
    }
    space.register(listener)
    heard.length = 0

    card.config.write(0x14, 4, 0x10)

    expect(heard).toEqual(['begin', 'del 80000000', 'add 1080000000'])
  })

  test('lie over each other with the one that was moved last on top (PC-6)', () => {
    const { bus, machine } = scene()
    const [one, two] = ['one', 'two'].map((name, index) =>
      bus.plug(`0${index + 1}.0`, new Card(name, [[0, 'memory32', 4n * KiB]])),
    ) as [Card, Card]
    for (const card of [one, two]) {
      card.command(Command.memory)
      card.config.write(0x10, 4, 0x8000_0000)
    }
    const space = machine.memory.spaces.find(({ name }) => name === 'pci')

    expect(space?.find(0x8000_0000n)?.region.name).toBe('two bar0')
    one.config.write(0x10, 4, 0x9000_0000)
    one.config.write(0x10, 4, 0x8000_0000)
    expect(space?.find(0x8000_0000n)?.region.name).toBe('one bar0')
  })

  test('show nothing at 0 unless the bus allows it, nor at the end of their addresses (PC-6)', () => {
    const places = [false, true].map((zeroAllowed) => {
      const { bus } = scene(zeroAllowed)
      const card = bus.plug(
        '01.0',
        new Card('card', [
          [0, 'memory32', 4n * KiB],
          [2, 'memory64', 4n * KiB],
        ]),
      )
      card.command(Command.memory)
      return [0, 0xffff_f000].flatMap((address) => {
        card.config.write(0x10, 4, address)
        card.config.write(0x18, 4, address)
        card.config.write(0x1c, 4, address === 0 ? 0 : 0xffff_ffff)
        return [card.bars.addressOf(0), card.bars.addressOf(2)]
      })
    })

    expect(places).toEqual([
      [undefined, undefined, undefined, undefined],
      [0n, 0n, undefined, undefined],
    ])
  })

  test('show a 64-bit region above bit 63 too, as a guest that asks for its size may leave it (PC-6)', () => {
    const { bus } = scene()
    const card = bus.plug('01.0', new Card('card', [[0, 'memory64', 4n * KiB]]))
    card.command(Command.memory)

    card.config.write(0x14, 4, 0x8000_0000)

    expect(card.bars.addressOf(0)).toBe(0x8000_0000_0000_0000n)
  })

  test('show a ROM only while its own bit enables it (PC-6)', () => {
    const { bus } = scene()
    const card = new Card('card', [])
    const region = mmio('card rom', 64n * KiB, { read: () => 0, write: () => undefined })
    card.bars.add(0, { kind: 'rom', region })
    bus.plug('01.0', card)
    card.command(Command.memory)

    const seen = [0xfee0_0000, 0xfee0_0001].map((value) => {
      card.config.write(0x30, 4, value)
      return card.bars.addressOf(6)
    })

    expect(seen).toEqual([undefined, 0xfee0_0000n])
  })

  test('show nothing while the function sleeps, and all again when it is awake (PC-6)', () => {
    const { bus } = scene()
    const card = bus.plug('01.0', new Card('card', [[0, 'memory32', 4n * KiB]]))
    card.command(Command.memory)
    card.config.write(0x10, 4, 0x8000_0000)

    const seen = [3, 0].map((state) => {
      card.config.write(0x44, 2, state)
      return card.bars.addressOf(0)
    })

    expect(seen).toEqual([undefined, 0x8000_0000n])
  })

  test('show nothing after a reset, and nothing of a function that has left', () => {
    const { bus, machine, memory } = scene()
    const card = bus.plug('01.0', new Card('card', [[0, 'memory32', 4n * KiB]]))
    const enable = (): void => {
      card.command(Command.memory)
      card.config.write(0x10, 4, 0x8000_0000)
    }
    enable()

    machine.reset()
    expect(memory.children).toEqual([])
    enable()
    bus.unplug(card)
    expect(memory.children).toEqual([])
  })

  test('tell of a listener that refuses what a guest maps, and throw nothing at the guest', () => {
    const { bus, machine } = scene()
    const card = bus.plug('01.0', new Card('card', [[0, 'memory32', 4n * KiB]]))
    const space = machine.memory.spaces.find(({ name }) => name === 'pci')
    space?.register({
      name: 'narrow',
      priority: 0,
      regionAdd: ({ start }) => [{ iova: start, size: 4096n, code: 'limit', reason: 'the table is full' }],
    })

    card.command(Command.memory)
    card.config.write(0x10, 4, 0x8000_0000)

    expect(Array.from(machine.guestErrors, ({ code }) => code)).toEqual(['pci.bar-refused'])
  })

  test('tell of a listener that refuses what a function shows that wakes up, and throw nothing at the guest', () => {
    const { bus, machine } = scene()
    const card = bus.plug('01.0', new Card('card', [[0, 'memory32', 4n * KiB]]))
    card.command(Command.memory)
    card.config.write(0x10, 4, 0x8000_0000)
    card.config.write(0x44, 2, 3)
    const space = machine.memory.spaces.find(({ name }) => name === 'pci')
    space?.register({
      name: 'narrow',
      priority: 0,
      regionAdd: ({ start }) => [{ iova: start, size: 4096n, code: 'limit', reason: 'the table is full' }],
    })

    card.config.write(0x44, 2, 0)

    expect(Array.from(machine.guestErrors, ({ code }) => code)).toEqual(['pci.bar-refused'])
  })

  test('cannot be of a size that they cannot express, nor be there twice', () => {
    const card = new Card('card', [[0, 'memory64', 1n * MiB]])
    const region = mmio('odd', 3n * KiB, { read: () => 0, write: () => undefined })
    const small = mmio('small', 4n * KiB, { read: () => 0, write: () => undefined })

    expect(() => card.bars.add(2, { kind: 'memory32', region })).toThrow(
      "'odd' has 0xc00 bytes, which no memory32 base",
    )
    expect(() => card.bars.add(1, { kind: 'memory32', region: small })).toThrow("'card bar0' has it")
    expect(() => card.bars.add(5, { kind: 'memory64', region: small })).toThrow('a memory64 one is 0 to 4')
  })
})

describe('a function’s DMA', () => {
  test('goes nowhere while it may not be a bus master, and its faults say so (PC-1)', () => {
    const { bus } = scene()
    const card = bus.plug('01.0', new Card('card', []))

    card.dmaRead(0x1000n, new Uint8Array(4))

    expect(Array.from(card.faults, ({ reason }) => reason)).toEqual([
      'it may not be a bus master: command.bus-master is 0',
    ])
    expect(card.slot?.dma.explain(0x1000n, 4, Permission.read)?.code).toBe('nothing-there')
  })
})
