import { Machine } from '@hostbridge/core/machine'
import { BridgeControl, Command, Header, PciBridge, RootPort, Type1 } from '@hostbridge/devices/pci'
import { describe, expect, test } from 'vitest'
import { bridgeScene, Card, enable, number, openIo, openMemory, openPrefetchable } from './bridge-scene.ts'

describe('a PCI-to-PCI bridge', () => {
  test('has the registers of a type 1 header, with their masks (PCI-to-PCI Bridge 1.2, figure 3-2)', () => {
    const { config } = new PciBridge()

    for (let offset = 0x10; offset < 0x40; offset += 4) config.write(offset, 4, 0xffff_ffff)

    const registers = Object.fromEntries(Object.entries(Type1).map(([name, field]) => [name, config.get(field)]))
    expect(config.get(Header.layout)).toBe(1)
    expect(config.get(Header.classCode)).toBe(0x06_0400)
    expect(Object.entries(registers).map(([name, value]) => `${name} ${value.toString(16)}`)).toMatchInlineSnapshot(`
      [
        "primaryBus ff",
        "secondaryBus ff",
        "subordinateBus ff",
        "secondaryLatency ff",
        "ioBase f0",
        "ioLimit f0",
        "secondaryStatus 0",
        "memoryBase fff0",
        "memoryLimit fff0",
        "prefetchableBase fff1",
        "prefetchableLimit fff1",
        "prefetchableBaseUpper ffffffff",
        "prefetchableLimitUpper ffffffff",
        "ioBaseUpper 0",
        "ioLimitUpper 0",
        "bridgeControl bff",
      ]
    `)
  })

  test('a PCI Express port has no timers and 32 bits of I/O (PCI Express Base 5.0, section 7.5.1.3)', () => {
    const { config } = new RootPort()

    for (let offset = 0x18; offset < 0x40; offset += 4) config.write(offset, 4, 0xffff_ffff)

    const { secondaryLatency, ioBase, ioBaseUpper, bridgeControl } = Type1
    const values = [secondaryLatency, ioBase, ioBaseUpper, bridgeControl].map((field) => config.get(field))
    expect(values).toEqual([0, 0xf1, 0xffff, 0x005f])
  })

  test('shows the memory and I/O behind it through its windows, at the same addresses', () => {
    const { host, peek } = bridgeScene()
    const bridge = host.plug('00:01.0', new PciBridge())
    const card = bridge.plug('02.0', new Card())
    enable(card, 0x2010_0000, 0x3000)
    const closed = [peek(0x2010_0000n), peek(0x3eff_3000n)]

    openMemory(bridge, 0x200, 0x201)
    openIo(bridge, 3, 3)

    expect(closed).toEqual([0, 0])
    expect([peek(0x2010_0000n), peek(0x3eff_3000n)]).toEqual([0x51, 0x10])
  })

  test('passes nothing on where base is above limit, or the command register does not let it', () => {
    const { host, peek } = bridgeScene()
    const bridge = host.plug('00:01.0', new PciBridge())
    enable(bridge.plug('02.0', new Card()), 0x2010_0000, 0x3000)
    openMemory(bridge, 0x200, 0x201)
    openIo(bridge, 3, 3)
    const both = (): number[] => [peek(0x2010_0000n), peek(0x3eff_3000n)]

    bridge.config.write(Header.command.offset, 2, Command.memory)
    const memoryOnly = both()
    bridge.config.write(Header.command.offset, 2, Command.io)
    const ioOnly = both()
    bridge.config.write(Header.command.offset, 2, Command.io | Command.memory)
    bridge.config.write(Type1.memoryLimit.offset, 2, 0x1000)
    bridge.config.write(Type1.ioLimit.offset, 1, 0x20)

    expect([memoryOnly, ioOnly, both()]).toEqual([
      [0x51, 0],
      [0, 0x10],
      [0, 0],
    ])
  })

  test('shows prefetchable memory above 4 GiB, and each address once where both windows have it', () => {
    const { host, peek } = bridgeScene()
    const bridge = host.plug('00:01.0', new PciBridge())
    const card = bridge.plug('02.0', new Card())
    enable(card, 0x2010_0000)
    openMemory(bridge, 0x201, 0x201)
    openPrefetchable(bridge, 0x200, 0x8_0001)

    const aliases = host.bus.windows.memory?.children.map(({ address, size }) => [address, size])

    expect(aliases).toHaveLength(3)
    expect(aliases).toEqual(
      expect.arrayContaining([
        [0x2010_0000n, 0x10_0000n],
        [0x2000_0000n, 0x10_0000n],
        [0x2020_0000n, 0x80_0020_0000n - 0x2020_0000n],
      ]),
    )
    expect(peek(0x2010_0000n)).toBe(0x51)
  })

  test.each([
    [0x200, 0x300],
    [0x300, 0x200],
  ])('windows that are apart stay as they are: memory at %i MiB, prefetchable at %i MiB', (memory, prefetchable) => {
    const { host } = bridgeScene()
    const bridge = host.plug('00:01.0', new PciBridge())

    openPrefetchable(bridge, prefetchable, prefetchable + 1)
    openMemory(bridge, memory, memory)

    const aliases = host.bus.windows.memory?.children.map(({ address, size }) => [address >> 20n, size >> 20n])
    expect(aliases).toHaveLength(2)
    expect(aliases).toEqual(
      expect.arrayContaining([
        [BigInt(memory), 1n],
        [BigInt(prefetchable), 2n],
      ]),
    )
  })

  test('a subtractive one passes on what nobody else answers (PCI-to-PCI Bridge 1.2, section 4.6)', () => {
    const { host, peek } = bridgeScene()
    const bridge = host.plug('00:01.0', new PciBridge({ subtractive: true }))
    enable(bridge.plug('02.0', new Card()), 0x2010_0000, 0x3000)
    const before = peek(0x2010_0000n)
    bridge.config.write(Type1.memoryBase.offset, 4, 0x0000_fff0)
    bridge.config.write(Header.command.offset, 2, Command.io | Command.memory)
    const seen = [peek(0x2010_0000n), peek(0x3eff_3000n)]

    enable(host.plug('00:03.0', new Card('other')), 0x2010_0000)

    expect(bridge.config.get(Header.classCode)).toBe(0x06_0401)
    expect([before, ...seen]).toEqual([0, 0x51, 0x10])
    expect(host.bus.windows.memory?.children[0]?.name).toBe('other registers')
  })

  test('passes on nothing in D3hot, neither addresses nor configuration', () => {
    const { host, peek, config } = bridgeScene()
    const port = host.plug('00:01.0', new RootPort())
    enable(port.plug('00.0', new Card('card', { vendor: 0x1234, device: 0x5678 })), 0x2010_0000)
    openMemory(port, 0x200, 0x201)
    number(port, 0, 1)
    const pm = port.capabilities.find(1)?.offset ?? 0
    const awake = [peek(0x2010_0000n), config(1, 0)]

    port.config.write(pm + 4, 2, 3)

    expect(awake).toEqual([0x51, 0x5678_1234])
    expect([peek(0x2010_0000n), config(1, 0)]).toEqual([0, 0xffff_ffff])
  })

  test('lets configuration requests through to the buses that the guest has given to it', () => {
    const { host, config } = bridgeScene()
    const outer = host.plug('00:01.0', new PciBridge({ name: 'outer' }))
    const inner = outer.plug('04.0', new PciBridge({ name: 'inner' }))
    inner.plug('05.0', new Card('card', { vendor: 0xabcd, device: 1 }))
    const before = config(2, 5)

    number(outer, 0, 1, 2)
    number(inner, 1, 2)

    expect(before).toBe(0xffff_ffff)
    expect([config(1, 4), config(2, 5)]).toEqual([0x0001_1b36, 0x0001_abcd])
    expect([config(1, 5), config(2, 4), config(3, 5)]).toEqual([0xffff_ffff, 0xffff_ffff, 0xffff_ffff])
  })

  test('the requester ids of what is behind it follow its numbers, where the link carries them', () => {
    const { host } = bridgeScene()
    const port = host.plug('00:01.0', new RootPort())
    const card = port.plug('00.3', new Card())
    const ids = [7, 0x20, 255].map((bus) => {
      number(port, 0, bus)
      return card.slot?.requester
    })

    expect(ids).toEqual([0x0703, 0x2003, 0xff03])
    expect(card.path).toBe('pcie/00:01.0/00.3')
  })

  test('raises the wire above that its device number turns a pin to (table 9-1)', () => {
    const { host } = bridgeScene()
    const outer = host.plug('00:01.0', new PciBridge({ name: 'outer' }))
    const inner = outer.plug('02.0', new PciBridge({ name: 'inner' }))
    const card = inner.plug('03.0', new Card('card', { interruptPin: 2 }))
    const raised = (): number[] => host.wires.flatMap((line, wire) => (line.raised ? [wire] : []))

    card.intx?.set(true)
    const up = raised()
    card.intx?.set(false)

    // Pin B is 1; devices 3, 2 and 1 turn it on by as many.
    expect(up).toEqual([(1 + 3 + 2 + 1) % 4])
    expect(raised()).toEqual([])
  })

  test('resets what is behind it when the guest says so, and keeps it out of reach until the guest ends it', () => {
    const { host, config } = bridgeScene()
    const bridge = host.plug('00:01.0', new PciBridge())
    const inner = bridge.plug('01.0', new PciBridge({ name: 'inner' }))
    const card = inner.plug('02.0', new Card('card', { vendor: 0xabcd }))
    number(bridge, 0, 1, 2)
    number(inner, 1, 2)
    enable(card, 0x2010_0000)
    const { offset } = Type1.bridgeControl

    bridge.config.write(offset, 2, BridgeControl.secondaryReset)
    bridge.config.write(offset, 2, BridgeControl.secondaryReset)
    const meanwhile = config(1, 1)
    bridge.config.write(offset, 2, 0)

    expect([card.resets, meanwhile]).toEqual([1, 0xffff_ffff])
    expect(card.config.get(Header.command)).toBe(0)
    expect(inner.config.get(Type1.secondaryBus)).toBe(0)
    expect(config(1, 1)).toBe(0x0001_1b36)
  })

  test('a restore in the middle of a reset resets nobody, and tells no wire anything', () => {
    const scene = () => {
      const { machine, host } = bridgeScene()
      const port = host.plug('00:01.0', new RootPort())
      return { machine, host, port, card: port.plug('00.0', new Card()) }
    }
    const saved = scene()
    saved.port.config.write(Type1.bridgeControl.offset, 2, BridgeControl.secondaryReset)
    saved.card.intx?.set(true)
    const other = scene()
    other.port.cardSlot?.left()
    other.port.cardSlot?.arrived(true)
    const told: boolean[] = []
    for (const wire of other.host.wires) wire.connect((raised) => told.push(raised))

    other.machine.restore(saved.machine.save())

    expect([other.card.resets, told, other.host.bus.wires.raised(1)]).toEqual([0, [], true])
    other.card.intx?.set(false)
    expect(told).toEqual([false])
  })

  test('bits for VGA and ISA are storage and change nothing', () => {
    const { host } = bridgeScene()
    const bridge = host.plug('00:01.0', new PciBridge())
    bridge.config.write(Header.command.offset, 2, Command.io | Command.memory)
    const before = host.bus.windows.io?.children.length

    bridge.config.write(Type1.bridgeControl.offset, 2, BridgeControl.vga | BridgeControl.vga16 | BridgeControl.isa)

    expect(bridge.config.get(Type1.bridgeControl)).toBe(0x1c)
    expect(host.bus.windows.io?.children.length).toBe(before)
  })

  test('takes its windows along when it leaves, with all that is behind it', () => {
    const { machine, host } = bridgeScene()
    const before = machine.mtree()
    const bridge = host.plug('00:01.0', new PciBridge())
    const card = bridge.plug('02.0', new Card())
    enable(card, 0x2010_0000)
    openMemory(bridge, 0x200, 0x201)

    host.unplug(bridge)

    expect(machine.mtree()).toBe(before)
    expect([card.slot, bridge.bus.devices]).toEqual([undefined, []])
  })

  test('cannot be plugged into another machine, and says so before anything has changed', () => {
    const { host } = bridgeScene()
    const bridge = host.plug('00:01.0', new PciBridge())
    openMemory(bridge, 0x200, 0x201)
    host.unplug(bridge)
    const other = bridgeScene()

    expect(() => other.host.plug('00:01.0', bridge)).toThrowError(/machine|system|belongs/)
    expect([bridge.slot, other.host.bus.devices]).toEqual([undefined, []])
  })

  test('a PCI Express port leads to device 0 alone, and says so, naming both', () => {
    const { host } = bridgeScene()
    const port = host.plug('00:01.0', new RootPort())

    expect(() => port.plug('01.0', new Card())).toThrowError(
      /'card' cannot be plugged at 01\.0 of root-port: 'root-port' leads to device 0 alone/,
    )
    expect(new Machine('x').topDevices).toEqual([])
  })
})
