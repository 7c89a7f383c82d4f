// Long because each way that a BAR can go through bridges, and each window that can be too small, has a test.
import { GiB, KiB, MiB, rangeOf } from '@hostbridge/core/address'
import {
  assignBars,
  BusConfigAccess,
  Command,
  type FirmwareWindows,
  findFunctions,
  Header,
  PciBridge,
  type PciBus,
  Type1,
} from '@hostbridge/devices/pci'
import { describe, expect, it } from 'vitest'
import { type CardBar, ecamWorld, NumberedCard } from './firmware-world.ts'

const WINDOWS = {
  io: rangeOf(0n, 64n * KiB),
  memory32: rangeOf(0x8000_0000n, 2n * GiB),
  memory64: rangeOf(0x100_0000_0000n, 1024n * GiB),
}
const MEMORY: CardBar = { index: 0, kind: 'memory32', size: 4n * KiB }
const WIDE: CardBar = { index: 2, kind: 'memory64', size: 1n * MiB }
const PREFETCHABLE: CardBar = { ...WIDE, index: 4, prefetchable: true }
const PORTS: CardBar = { index: 1, kind: 'io', size: 32n }

function assign(bus: PciBus, windows: FirmwareWindows = WINDOWS, busMaster = true) {
  const access = new BusConfigAccess(bus)
  return assignBars(access, findFunctions(access), windows, { busMaster })
}

/** The addresses that a function got, by index. */
function placed(bars: ReturnType<typeof assign>, address: number): [number, bigint][] {
  return (bars.get(address) ?? []).map((bar) => [bar.index, bar.address])
}

describe('assigning BARs', () => {
  it('gives each an address in the window for its kind, and writes it', () => {
    const { bus } = ecamWorld()
    const card = bus.plug('01.0', new NumberedCard(1, [MEMORY, PORTS, WIDE, PREFETCHABLE]))

    const bars = assign(bus)

    expect(placed(bars, 8)).toEqual([
      [0, 0x8000_0000n],
      [1, 0x1000n],
      [2, 0x100_0000_0000n],
      [4, 0x100_0010_0000n],
    ])
    expect(card.config.read(Header.command.offset, 2)).toBe(Command.io | Command.memory | Command.busMaster)
    expect([0, 1, 2, 4].map((index) => card.bars.addressOf(index))).toEqual([
      0x8000_0000n,
      0x1000n,
      0x100_0000_0000n,
      0x100_0010_0000n,
    ])
  })

  it('puts 64-bit BARs below 4 GiB where the host has no 64-bit window', () => {
    const { bus } = ecamWorld()
    bus.plug('01.0', new NumberedCard(1, [WIDE, PREFETCHABLE]))

    const bars = assign(bus, { memory32: WINDOWS.memory32 })

    expect(placed(bars, 8)).toEqual([
      [2, 0x8000_0000n],
      [4, 0x8010_0000n],
    ])
  })

  it('lets bridges pass on what is behind them, prefetchable memory of 64 bits by itself (PCI-to-PCI Bridge 1.2, section 3.2.5)', () => {
    const { bus } = ecamWorld()
    const bridge = bus.plug('01.0', new PciBridge())
    const inner = bridge.plug('00.0', new PciBridge({ name: 'inner' }))
    inner.plug('00.0', new NumberedCard(1, [MEMORY, PORTS, WIDE, PREFETCHABLE]))
    bridge.plug('01.0', new NumberedCard(2, [MEMORY]))

    const bars = assign(bus)

    const windows = [bridge, inner].map(({ config }) => [
      config.read(Type1.ioBase.offset, 2),
      config.read(Type1.memoryBase.offset, 4),
      config.read(Type1.prefetchableBase.offset, 4),
      config.read(Type1.prefetchableBaseUpper.offset, 4),
      config.read(Type1.prefetchableLimitUpper.offset, 4),
    ])
    expect(windows.map((row) => row.map((word) => word.toString(16)))).toEqual([
      ['1010', '80208000', '10001', '100', '100'],
      ['1010', '80108000', '10001', '100', '100'],
    ])
    expect([placed(bars, 0x200), placed(bars, 0x108)]).toEqual([
      [
        [0, 0x8010_0000n],
        [1, 0x1000n],
        [2, 0x8000_0000n],
        [4, 0x100_0000_0000n],
      ],
      [[0, 0x8020_0000n]],
    ])
  })

  it('closes the windows of bridges that have nothing behind them', () => {
    const { bus } = ecamWorld()
    const bridge = bus.plug('01.0', new PciBridge({ wideIo: true }))

    assign(bus)

    const { config } = bridge
    expect(config.read(Type1.ioBase.offset, 1)).toBeGreaterThan(config.read(Type1.ioLimit.offset, 1))
    expect(config.read(Type1.memoryBase.offset, 2)).toBeGreaterThan(config.read(Type1.memoryLimit.offset, 2))
    expect(config.read(Type1.prefetchableBase.offset, 2)).toBeGreaterThan(
      config.read(Type1.prefetchableLimit.offset, 2),
    )
    expect(bus.windows.memory?.children.filter(({ enabled }) => enabled)).toEqual([])
    expect(config.read(Header.command.offset, 2)).toBe(Command.io | Command.memory | Command.busMaster)
  })

  it('opens a bridge for I/O above 64 KiB that can pass it on', () => {
    const { bus } = ecamWorld()
    const bridge = bus.plug('01.0', new PciBridge({ wideIo: true }))
    bridge.plug('00.0', new NumberedCard(1, [PORTS]))

    const bars = assign(bus, { io: rangeOf(0x12_0000n, 64n * KiB) })

    expect(placed(bars, 0x100)).toEqual([[1, 0x12_0000n]])
    expect(bridge.config.read(Type1.ioBaseUpper.offset, 4)).toBe(0x0012_0012)
  })

  it('leaves ROMs off, and bus mastering where that is wanted', () => {
    const { bus } = ecamWorld()
    const card = bus.plug('01.0', new NumberedCard(1, [MEMORY, { index: 0, kind: 'rom', size: 64n * KiB }]))
    const rom = bus.plug('02.0', new NumberedCard(2, [{ index: 0, kind: 'rom', size: 64n * KiB }]))

    const bars = assign(bus, WINDOWS, false)

    expect(placed(bars, 8)).toEqual([
      [0, 0x8002_0000n],
      [6, 0x8000_0000n],
    ])
    expect([card, rom].map(({ config }) => [config.read(4, 2), config.read(0x30, 4)])).toEqual([
      [Command.memory, 0x8000_0000],
      [0, 0x8001_0000],
    ])
  })

  it('gives nobody what cannot be decoded: the beginning of a window at 0, and the last byte below 4 GiB (PC-6)', () => {
    const { bus } = ecamWorld()
    for (let device = 0; device < 2; device++)
      bus.plug(`0${device}.0`, new NumberedCard(1, [{ ...PORTS, size: 2n ** 30n }]))

    const bars = assign(bus, { io: rangeOf(0n, 3n * GiB) })

    expect([placed(bars, 0), placed(bars, 8)]).toEqual([[[1, 0x4000_0000n]], [[1, 0x8000_0000n]]])
    bus.plug('02.0', new NumberedCard(1, [{ ...PORTS, size: 2n ** 30n }]))
    expect(() => assign(bus, { io: rangeOf(0n, 4n * GiB) })).toThrowError(/BAR 1 of 00:02.0 needs 0x40000000 bytes/)
  })

  it('names the BAR that has no place and who has the addresses, and switches nothing on', () => {
    const { bus } = ecamWorld()
    const cards = [1, 2].map((device) => {
      return bus.plug(`0${device}.0`, new NumberedCard(device, [{ ...MEMORY, size: 1n * MiB }]))
    })

    expect(() => assign(bus, { memory32: rangeOf(0x8000_0000n, 1n * MiB) })).toThrowError(
      'BAR 0 of 00:02.0 needs 0x100000 bytes, and the 32-bit memory window [0x80000000, 0x800fffff] is taken up to 0x800fffff, ' +
        'last by BAR 0 of 00:01.0 with [0x80000000, 0x800fffff]',
    )
    expect(cards.map(({ config }) => config.read(4, 2))).toEqual([0, 0])
  })

  it('names the largest of those behind a bridge that do not fit, and the bridge', () => {
    const { bus } = ecamWorld()
    const bridge = bus.plug('01.0', new PciBridge())
    bridge.plug('00.0', new NumberedCard(1, [MEMORY]))
    bridge.plug('01.0', new NumberedCard(2, [{ ...MEMORY, size: 1n * GiB }]))

    expect(() => assign(bus, { memory32: rangeOf(0x8000_0000n, 1n * GiB) })).toThrowError(
      'BAR 0 of 01:01.0 and 1 more beside it, behind the bridge at 00:01.0, needs 0x40100000 bytes, and the 32-bit memory window',
    )
  })

  it('says which window a host lacks', () => {
    const { bus } = ecamWorld()
    bus.plug('01.0', new NumberedCard(1, [PORTS]))

    expect(() => assign(bus, {})).toThrowError('BAR 1 of 00:01.0 needs 0x20 bytes, and there is no I/O window')
  })
})
