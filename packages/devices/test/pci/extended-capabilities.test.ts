import {
  Acs,
  Aer,
  Ats,
  accessControl,
  addressTranslation,
  addVendorCapability,
  CapabilityId,
  Extended,
  ExtendedId,
  type ExtendedLayout,
  errorReporting,
  fieldAt,
  Pasid,
  PciDevice,
  Pri,
  pageRequests,
  processIds,
  RootPort,
} from '@hostbridge/devices/pci'
import { describe, expect, test } from 'vitest'

class Card extends PciDevice {
  constructor(express: boolean, layouts: readonly ExtendedLayout[]) {
    super('card', { express })
    for (const layout of layouts) this.extended.add(layout)
  }
}

/** Every register after a guest has written ones to all of it, in hex. */
function writtenOnes(layout: ExtendedLayout, registers: Record<string, { offset: number; size: number }>): string[] {
  const { config, extended } = new Card(true, [layout])
  for (let at = 0x100; at < 0x100 + layout.size; at += 4) config.write(at, 4, 0xffff_ffff)
  return Object.entries(registers).map(
    ([name, field]) => `${name} ${extended.find(layout.id)?.get(field).toString(16)}`,
  )
}

describe('extended capabilities', () => {
  test('are a chain from 0x100 on (PCI Express Base 5.0, section 7.6)', () => {
    const { config } = new Card(true, [
      errorReporting(),
      accessControl(),
      addressTranslation(),
      processIds(),
      pageRequests(),
    ])
    const seen: string[] = []

    for (let at = 0x100; at !== 0; at = config.get(fieldAt(Extended.next, at))) {
      const [id, version] = [Extended.id, Extended.version].map((field) => config.get(fieldAt(field, at)))
      seen.push(`0x${at.toString(16)}: 0x${id?.toString(16)} version ${version}`)
    }

    expect(seen).toEqual([
      '0x100: 0x1 version 2',
      '0x148: 0xd version 1',
      '0x150: 0xf version 1',
      '0x158: 0x1b version 1',
      '0x160: 0x13 version 1',
    ])
  })

  test('AER: masks and severities can be written, statuses are cleared by ones (section 7.8.4)', () => {
    expect(writtenOnes(errorReporting({ root: true }), Aer)).toEqual([
      'uncorrectableStatus 0',
      'uncorrectableMask 5ff030',
      'uncorrectableSeverity 5ff030',
      'correctableStatus 0',
      'correctableMask f1c1',
      'control 1e0',
      'headerLog 0',
      'rootCommand 7',
      'rootStatus 0',
      'rootSource 0',
    ])
  })

  test('AER: a status that is set stays until a 1 is written there', () => {
    const { config, extended } = new Card(true, [errorReporting()])
    extended.find(ExtendedId.errors)?.set(Aer.uncorrectableStatus, 0x0010_4000)

    config.write(0x104, 4, 0x0000_4000)

    expect(config.read(0x104, 4)).toBe(0x0010_0000)
  })

  test('ACS: the services that there are can be switched on (section 7.7.8)', () => {
    expect(writtenOnes(accessControl('downstream'), Acs)).toEqual(['capabilities 5f', 'control 5f'])
    expect(writtenOnes(accessControl(), Acs)).toEqual(['capabilities 4c', 'control 4c'])
  })

  test('ATS: smallest unit and enable (section 10.5.1)', () => {
    expect(writtenOnes(addressTranslation({ queue: 16 }), Ats)).toEqual([
      'capabilities 30',
      'control 801f',
      'smallestUnit 1f',
      'enable 1',
    ])
  })

  test('PASID: enable, execute and privileged, and the width (section 7.8.8)', () => {
    expect(writtenOnes(processIds({ width: 16 }), Pasid)).toEqual(['capabilities 1006', 'control 7', 'enable 1'])
  })

  test('PRI: enable, and how many requests may be open (section 10.5.2)', () => {
    expect(writtenOnes(pageRequests({ capacity: 8 }), Pri)).toEqual([
      'control 1',
      'enable 1',
      'status 100',
      'capacity 8',
      'allocation ffffffff',
    ])
  })

  test('are refused to a function without room, or that has the same, naming both', () => {
    expect(() => new Card(false, [accessControl()])).toThrowError(/'card' has no room for extended capability 0x000d/)
    expect(() => new Card(true, [accessControl(), accessControl()])).toThrowError(/'card' has .* 0x000d already/)
  })

  test('a root port reports errors and controls access', () => {
    expect(new RootPort().extended.entries.map(({ id }) => id)).toEqual([ExtendedId.errors, ExtendedId.accessControl])
  })
})

describe('a vendor capability', () => {
  test('says how long it is, and can be written where it says so (PCI Code and ID Assignment 1.11, section 2)', () => {
    const card = new Card(false, [])

    const at = addVendorCapability(card, { bytes: Uint8Array.of(1, 2, 3), writable: Uint8Array.of(0, 0xf0) })
    for (let byte = 0; byte < 6; byte++) card.config.write(at + byte, 1, 0xff)

    expect([0, 1, 2, 3, 4, 5].map((byte) => card.config.read(at + byte, 1))).toEqual([
      CapabilityId.vendor,
      0,
      6,
      1,
      0xf2,
      3,
    ])
    expect(() => addVendorCapability(card, { bytes: new Uint8Array(0) })).toThrowError(/'card' cannot have 0 bytes/)
  })
})
