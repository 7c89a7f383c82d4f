import { fc, test } from '@fast-check/vitest'
import type { MemoryRegion } from '@hostbridge/core/memory'
import { Header, PciBridge, type PciBus, type PciDevice, RootPort, Type1 } from '@hostbridge/devices/pci'
import { describe, expect } from 'vitest'
import { bridgeScene, Card, number, openMemory, openPrefetchable } from './bridge-scene.ts'

/** The way down as the specification tells it: level by level, the first bridge that claims the number. */
function slowFind(root: PciBus, bus: number, deviceFunction: number): PciDevice | undefined {
  for (let at: PciBus | undefined = root, depth = 0; at !== undefined; depth++) {
    if (at.number === bus) return at.function(deviceFunction)
    const bridges: PciDevice[] = at.devices.filter(({ secondary }) => secondary !== undefined)
    at = bridges.find(({ config }) => {
      const reset = (config.get(Type1.bridgeControl) & 0x40) !== 0
      return !reset && config.get(Type1.secondaryBus) <= bus && bus <= config.get(Type1.subordinateBus)
    })?.secondary
    expect(depth).toBeLessThan(300)
  }
  return undefined
}

/** A tree: each bridge hangs below the host bridge or one of those before it. */
const tree = fc.array(fc.nat(7), { minLength: 1, maxLength: 8 })
const writes = fc.array(
  fc.record({
    bridge: fc.nat(7),
    offset: fc.oneof(fc.integer({ min: 0x04, max: 0x3f }), fc.integer({ min: 0x18, max: 0x1a })),
    size: fc.constantFrom(1, 2, 4),
    value: fc.oneof(fc.integer({ min: 0, max: 0xffff_ffff }), fc.nat(8), fc.constant(0xffff_ffff)),
  }),
  { maxLength: 40 },
)

function grow(parents: readonly number[]) {
  const scene = bridgeScene()
  const bridges: PciBridge[] = []
  for (const [index, parent] of parents.entries()) {
    const bus = parent === 0 || index === 0 ? scene.host.bus : (bridges[(parent - 1) % index] as PciBridge).bus
    const device = (index + 1).toString(16).padStart(2, '0')
    bridges.push(bus.plug(`${device}.0`, new PciBridge({ name: `bridge ${index}`, subtractive: index % 3 === 2 })))
    bus.plug(`${device}.1`, new Card(`card ${index}`))
  }
  return { ...scene, bridges }
}

describe('a tree of bridges', () => {
  test.prop([tree, writes, fc.nat(255), fc.nat(255)], { numRuns: 60 })(
    'whatever a guest writes to them, every function is found as the specification says, nothing throws, and nothing is left',
    (parents, program, bus, deviceFunction) => {
      const { machine, host, bridges } = grow(parents)
      const empty = bridgeScene().machine.mtree()

      for (const { bridge, offset, size, value } of program) {
        const device = bridges[bridge % bridges.length] as PciBridge
        if (offset % size === 0) device.config.write(offset, size, value)
        expect(host.bus.find(bus, deviceFunction)).toBe(slowFind(host.bus, bus, deviceFunction))
        for (const number of [0, 1, 2, 8, 255]) expect(host.bus.find(number, 8)).toBe(slowFind(host.bus, number, 8))
      }

      for (const device of [...host.bus.devices]) host.unplug(device)
      expect(machine.mtree()).toBe(empty)
    },
  )

  test('numbers that lead to each other, overlap or are all 255 lead nowhere or to the first that claims them', () => {
    const { host, bridges, config } = grow([0, 1, 2, 3])
    for (const bridge of bridges) number(bridge, 255, 255, 255)

    const found = [host.bus.find(255, 0x09), host.bus.find(254, 0x09), config(255, 1)]
    for (const bridge of bridges) number(bridge, 0, 0, 255)

    expect(found).toEqual([undefined, undefined, 0xffff_ffff])
    expect([host.bus.find(0, 8)?.name, host.bus.find(7, 0x10)]).toEqual(['bridge 0', undefined])
  })

  test('what was found is looked for anew when a guest numbers buses, or functions come and go', () => {
    const { host } = bridgeScene()
    const bridge = host.plug('00:01.0', new PciBridge())
    bridge.plug('02.0', new Card())
    const seen: (string | undefined)[] = []
    const look = (): void => void seen.push(host.bus.find(5, 0x10)?.name, host.bus.find(6, 0x10)?.name)

    look()
    number(bridge, 0, 5)
    look()
    number(bridge, 0, 6)
    look()
    host.unplug(bridge)
    look()

    expect(seen).toEqual([undefined, undefined, 'card', undefined, undefined, 'card', undefined, undefined])
  })

  test('overlapping windows of nested bridges cost what their number is', () => {
    const { host } = bridgeScene()
    let bus = host.bus
    const bridges = Array.from({ length: 40 }, (_, index) => {
      const bridge: PciBridge = bus.plug('00.0', new PciBridge({ name: `b${index}`, subtractive: index % 2 === 0 }))
      bus = bridge.bus
      return bridge
    })

    for (const bridge of bridges) {
      openPrefetchable(bridge, 0, 0xfff)
      openMemory(bridge, 0x100, 0x800)
    }

    // Two windows over each other on each of 40 levels are 2^40 ways down; none of them is gone twice.
    const waysDown = (region: MemoryRegion): number =>
      region.children.reduce((sum, { target }) => sum + (target === undefined ? 0 : 1), 0)
    expect(Math.max(...bridges.map(({ bus: { windows } }) => waysDown(windows.memory as MemoryRegion)))).toBeLessThan(8)
    expect(bridges.every((bridge) => disjoint(bridge.bus.windows.memory as MemoryRegion))).toBe(true)
  })

  test('255 buses in a row are numbered and reached', () => {
    const { host, config } = bridgeScene()
    let bus: PciBus = host.bus
    for (let index = 1; index < 256; index++) {
      const bridge: PciBridge = bus.plug('00.0', index === 1 ? new RootPort() : new PciBridge({ name: `b${index}` }))
      number(bridge, index - 1, index, 255)
      bus = bridge.bus
    }

    bus.plug('1f.0', new Card('last', { vendor: 0xabcd, device: 0x00ff }))

    expect(config(255, 31)).toBe(0x00ff_abcd)
    expect([config(128, 0), config(128, 1)]).toEqual([0x0001_1b36, 0xffff_ffff])
    expect(host.bus.find(255, 0xf8)?.config.get(Header.device)).toBe(0xff)
  })
})

function disjoint(memory: MemoryRegion): boolean {
  const ranges = memory.children.map(({ address, size }) => ({ start: address, end: address + size }))
  ranges.sort((a, b) => (a.start < b.start ? -1 : 1))
  return ranges.every((range, index) => index === 0 || (ranges[index - 1] as typeof range).end <= range.start)
}
