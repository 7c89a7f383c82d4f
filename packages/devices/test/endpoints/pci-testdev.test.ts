import { EventNotifier, type MmioRegion } from '@hostbridge/core/memory'
import { PciTestdev, Testdev } from '@hostbridge/devices/endpoints'
import { Header } from '@hostbridge/devices/pci'
import { describe, expect, test } from 'vitest'
import { type EndpointScene, endpointScene, setUp } from './endpoint-scene.ts'

/** Tests by number, as both BARs have them. */
const PLAIN = 0
const WILDCARD = 1
const DATAMATCH = 2

const BARS = [
  ['mmio', 0, 2048],
  ['portio', 1, 128],
] as const

function scene(): EndpointScene<PciTestdev> {
  return endpointScene(new PciTestdev())
}

function nameOf({ peek }: EndpointScene<PciTestdev>, bar: number): string {
  const text = Array.from({ length: 32 }, (_, at) => Number(peek(Testdev.name + at, 1, bar)))
  return String.fromCharCode(...text.slice(0, text.indexOf(0)))
}

function regionOf(device: PciTestdev, bar: number): MmioRegion {
  return device.bars.all.get(bar)?.region as MmioRegion
}

/** How often the device's own callback for writes has run since, whatever it did. */
function spied(device: PciTestdev, bar: number): { readonly offsets: number[] } {
  const { port } = regionOf(device, bar)
  const offsets: number[] = []
  const write = port.ops.write.bind(port.ops)
  port.ops.write = (offset, ...rest) => {
    offsets.push(offset)
    return write(offset, ...rest)
  }
  return { offsets }
}

test('pci-testdev is 1b36:0005 with a memory BAR and an I/O BAR, of up to 4 KiB, and no pin', () => {
  const { device } = scene()

  expect([device.config.get(Header.vendor), device.config.get(Header.device)]).toEqual([0x1b36, 0x0005])
  expect([...device.bars.all.values()].map(({ kind, size }) => [kind, size])).toEqual([
    ['memory32', 4096n],
    ['io', 256n],
  ])
  expect(device.config.get(Header.interruptPin)).toBe(0)
})

describe.each(BARS)('the header of the %s BAR of pci-testdev', (prefix, bar, first) => {
  test('reads 0 before a test is started', () => {
    const { peek } = scene()

    expect([0, 4, 8, 12, 16].map((offset) => peek(offset, 4, bar))).toEqual([0n, 0n, 0n, 0n, 0n])
  })

  test.each([
    ['no-eventfd', PLAIN, 0xfan],
    ['wildcard-eventfd', WILDCARD, 0xcen],
    ['datamatch-eventfd', DATAMATCH, 0xfan],
  ])('says for test %s the width, offset, data and name; all registers are little endian', (name, number, data) => {
    const testdev = scene()
    const { peek, poke } = testdev

    poke(Testdev.test, number, 1, bar)

    const index = 3 * bar + number
    expect(peek(Testdev.width, 1, bar)).toBe(1n)
    expect([peek(2, 1, bar), peek(3, 1, bar)]).toEqual([0n, 0n])
    expect(peek(Testdev.offset, 4, bar)).toBe(BigInt(first + index))
    expect([peek(Testdev.data, 4, bar), peek(Testdev.count, 4, bar)]).toEqual([data, 0n])
    expect(nameOf(testdev, bar)).toBe(`${prefix}-${name}`)
    expect(peek(Testdev.test, 1, bar)).toBe(BigInt(index))
  })

  test.each([3, 4, 255])('ends the tests with number %i, which has no width', (number) => {
    const { peek, poke } = scene()
    poke(Testdev.test, PLAIN, 1, bar)

    poke(Testdev.test, number, 1, bar)

    expect(peek(Testdev.width, 1, bar)).toBe(0n)
  })

  test('is read-only but for the number of the test', () => {
    const { peek, poke } = scene()
    poke(Testdev.test, PLAIN, 1, bar)

    for (let offset = 1; offset < 40; offset++) poke(offset, 0xfa, 1, bar)

    expect(peek(Testdev.offset, 4, bar)).toBe(BigInt(first + 3 * bar))
    expect([peek(Testdev.data, 4, bar), peek(Testdev.count, 4, bar)]).toEqual([0xfan, 0n])
  })
})

describe.each(BARS)('a test of the %s BAR of pci-testdev', (_, bar, first) => {
  test('no-eventfd counts writes of its data that come to the device', () => {
    const { device, peek, poke } = scene()
    poke(Testdev.test, PLAIN, 1, bar)
    const { offsets } = spied(device, bar)
    const target = first + 3 * bar

    for (const value of [0xfa, 0xfb, 0xfa]) poke(target, value, 1, bar)
    poke(target + 1, 0xfa, 1, bar)

    expect(peek(Testdev.count, 4, bar)).toBe(2n)
    expect(offsets).toEqual([target, target, target, target + 1])
  })

  test('wildcard-eventfd counts writes of anything through an eventfd, and none comes to the device', () => {
    const { device, peek, poke } = scene()
    poke(Testdev.test, WILDCARD, 1, bar)
    const { offsets } = spied(device, bar)

    for (const value of [0, 0xce, 0xff]) poke(first + 3 * bar + WILDCARD, value, 1, bar)

    expect(peek(Testdev.count, 4, bar)).toBe(3n)
    expect(offsets).toEqual([])
  })

  test('datamatch-eventfd counts writes of its data through an eventfd; others come to the device and count nothing', () => {
    const { device, peek, poke } = scene()
    poke(Testdev.test, DATAMATCH, 1, bar)
    const { offsets } = spied(device, bar)
    const target = first + 3 * bar + DATAMATCH

    for (const value of [0xfa, 0xfb, 0xfa, 0xfa]) poke(target, value, 1, bar)

    expect(peek(Testdev.count, 4, bar)).toBe(3n)
    expect(offsets).toEqual([target])
  })

  test('counts anew when it is started again, and stops counting when another one is', () => {
    const { peek, poke } = scene()
    const target = first + 3 * bar + WILDCARD
    poke(Testdev.test, WILDCARD, 1, bar)
    poke(target, 1, 1, bar)

    poke(Testdev.test, DATAMATCH, 1, bar)
    poke(target, 1, 1, bar)
    poke(Testdev.test, WILDCARD, 1, bar)
    expect(peek(Testdev.count, 4, bar)).toBe(0n)
    poke(target, 1, 1, bar)

    expect(peek(Testdev.count, 4, bar)).toBe(1n)
  })
})

test('an eventfd of pci-testdev is seen by listeners where the BAR lies, while its test is chosen', () => {
  const { device, poke } = scene()
  const { eventfds } = regionOf(device, 0)
  const seen = (): unknown => eventfds.entries.map(({ offset, size, data }) => [offset, size, data])

  poke(Testdev.test, DATAMATCH, 1)
  expect(seen()).toEqual([[2050, 1, 0xfan]])
  poke(Testdev.test, PLAIN, 1)

  expect(seen()).toEqual([])
  expect(eventfds.entries.every(({ notifier }) => notifier instanceof EventNotifier)).toBe(true)
})

test('both BARs of pci-testdev show the header of the test that was started last', () => {
  const testdev = scene()

  testdev.poke(Testdev.test, WILDCARD, 1, 1)

  expect([nameOf(testdev, 0), nameOf(testdev, 1)]).toEqual(['portio-wildcard-eventfd', 'portio-wildcard-eventfd'])
})

describe('BAR 2 of pci-testdev', () => {
  test('is disabled by default', () => {
    expect([...scene().device.bars.all.keys()]).toEqual([0, 1])
  })

  test('is a 64-bit memory BAR of any size without backing storage', () => {
    const { device, peek } = endpointScene(new PciTestdev({ memoryBar: 2n ** 40n }))
    const bar = device.bars.all.get(2)

    bar?.point(2n ** 41n)

    expect([bar?.kind, bar?.size, device.bars.addressOf(2)]).toEqual(['memory64', 2n ** 40n, 2n ** 41n])
    expect(peek(0x1000, 4, 2)).toBe('~2')
  })
})

describe('a pci-testdev with a test under way', () => {
  function busy(): EndpointScene<PciTestdev> {
    const testdev = scene()
    testdev.poke(Testdev.test, WILDCARD, 1)
    testdev.poke(2049, 1, 1)
    return testdev
  }

  test('goes on counting after save and restore, and another one as well', () => {
    const other = scene()
    other.poke(Testdev.test, DATAMATCH, 1, 1)

    other.machine.restore(structuredClone(busy().machine.save()))
    other.poke(2049, 1, 1)

    expect(other.peek(Testdev.count)).toBe(2n)
    expect(regionOf(other.device, 1).eventfds.entries).toEqual([])
  })

  test('has none after a reset, nor where it is plugged next', () => {
    const { bus, device, machine, peek, poke } = busy()
    const { eventfds } = regionOf(device, 0)

    machine.reset()
    setUp(device)
    expect([peek(Testdev.width, 1), eventfds.entries.length]).toEqual([0n, 0])
    poke(Testdev.test, WILDCARD, 1)
    bus.unplug(device)
    bus.plug('03.0', device)
    setUp(device)

    expect([peek(Testdev.width, 1), eventfds.entries.length]).toEqual([0n, 0])
  })
})
