import {
  CapabilityId,
  DownstreamPort,
  Express,
  type ExpressCapability,
  type ExpressOptions,
  PciDevice,
  PcieToPciBridge,
  RootPort,
  UpstreamPort,
} from '@hostbridge/devices/pci'
import { describe, expect, test } from 'vitest'

class Card extends PciDevice {
  readonly express: ExpressCapability
  resets = 0

  constructor(options: ExpressOptions = {}) {
    super('card', { express: true })
    this.express = this.useExpress({ functionLevelReset: () => this.resets++, ...options })
  }
}

type Port = PciDevice & { readonly express: RootPort['express'] }

/** Registers of the capability as a guest finds them, or after it has written ones everywhere; those that are 0 are left out. */
function registers({ config, express }: Port, write: boolean): string[] {
  for (let at = 4; write && at < 0x3c; at += 4) config.write(express.offset + at, 4, 0xffff_ffff)
  const names = [
    'capabilities',
    'deviceCapabilities',
    'deviceControl',
    'deviceStatus',
    'linkCapabilities',
    'linkControl',
  ]
  const more = ['linkStatus', 'slotCapabilities', 'slotControl', 'slotStatus', 'rootControl', 'rootStatus']
  const last = ['deviceCapabilities2', 'deviceControl2', 'linkCapabilities2', 'linkControl2']
  return [...names, ...more, ...last].flatMap((name) => {
    const value = express.get(Express[name as keyof typeof Express])
    return value === 0 ? [] : [`${name} ${value.toString(16)}`]
  })
}

describe('the PCI Express capability (PCI Express Base 5.0, section 7.5.3)', () => {
  test('of an endpoint', () => {
    expect(registers(new Card(), false)).toMatchInlineSnapshot(`
      [
        "capabilities 2",
        "deviceCapabilities 10008020",
        "deviceControl 2810",
        "linkCapabilities 14",
        "linkStatus 1014",
        "deviceCapabilities2 10",
        "linkCapabilities2 1e",
        "linkControl2 4",
      ]
    `)
    expect(registers(new Card(), true)).toMatchInlineSnapshot(`
      [
        "capabilities 2",
        "deviceCapabilities 10008020",
        "deviceControl 7fff",
        "linkCapabilities 14",
        "linkControl fdb",
        "linkStatus 1014",
        "deviceCapabilities2 10",
        "deviceControl2 1f",
        "linkCapabilities2 1e",
        "linkControl2 f",
      ]
    `)
  })

  test('of an endpoint inside of the root complex, which has no link', () => {
    expect(registers(new Card({ type: 'integratedEndpoint' }), true).filter((line) => line.startsWith('link'))).toEqual(
      [],
    )
  })

  test('of a root port', () => {
    expect(registers(new RootPort({ link: { speed: 'gt5', width: 4, port: 2 } }), false)).toMatchInlineSnapshot(`
      [
        "capabilities 142",
        "deviceCapabilities 8020",
        "deviceControl 2810",
        "linkCapabilities 2180042",
        "linkStatus 1000",
        "slotCapabilities 5b",
        "slotControl 7c0",
        "deviceCapabilities2 30",
        "linkCapabilities2 6",
        "linkControl2 2",
      ]
    `)
    expect(registers(new RootPort(), true)).toMatchInlineSnapshot(`
      [
        "capabilities 142",
        "deviceCapabilities 8020",
        "deviceControl 7fff",
        "linkCapabilities 180014",
        "linkControl fdb",
        "linkStatus 1000",
        "slotCapabilities 5b",
        "slotControl 17ff",
        "rootControl 1f",
        "deviceCapabilities2 30",
        "deviceControl2 3f",
        "linkCapabilities2 1e",
        "linkControl2 f",
      ]
    `)
  })

  test.each([
    ['root', new RootPort(), 4, true],
    ['upstream', new UpstreamPort(), 5, false],
    ['downstream', new DownstreamPort(), 6, true],
    ['PCIe-to-PCI', new PcieToPciBridge(), 7, false],
  ])('says what a %s port is, and whether it has a slot (table 7-17)', (_, port, type, slot) => {
    expect(port.express.get(Express.portType)).toBe(type)
    expect(port.express.get(Express.slotImplemented)).toBe(slot ? 1 : 0)
    expect(port.cardSlot !== undefined).toBe(slot)
    expect(port.capabilities.find(CapabilityId.express)?.offset).toBe(port.express.offset)
  })

  test('a guest resets a function alone, and the bit reads as 0 (section 6.6.2)', () => {
    const card = new Card()

    card.config.write(card.express.offset + 8, 2, 0x8000)

    expect([card.resets, card.express.get(Express.deviceControl)]).toEqual([1, 0])
  })
})
