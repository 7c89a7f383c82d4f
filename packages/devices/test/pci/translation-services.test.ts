import type { AddressSpace } from '@hostbridge/core/memory'
import {
  type AtsRequest,
  addressTranslation,
  type BusIommu,
  Command,
  ExtendedId,
  Header,
  PciDevice,
  PcieToPciBridge,
  processIds,
  requestPage,
  requestTranslation,
  TranslationError,
  watchInvalidations,
  watchPageResponses,
} from '@hostbridge/devices/pci'
import { describe, expect, test } from 'vitest'
import { bridgeScene } from './bridge-scene.ts'

const REQUEST: AtsRequest = { address: 0x1000n, length: 0x1000n, most: 4 }
const PAGE = { address: 0n, read: true, write: false, group: 1, lastInGroup: true } as const
const ENTRY = { address: 0x1000n, translated: 0x9000n, mask: 0xfffn, permission: 3 }
const { notPermitted, noSpace, noDevice } = TranslationError

class Card extends PciDevice {
  constructor() {
    super('card', { express: true })
    this.extended.add(addressTranslation())
    this.extended.add(processIds())
  }

  allow({ master = true, ats = true, pasid = false }: { master?: boolean; ats?: boolean; pasid?: boolean }): this {
    this.config.write(Header.command.offset, 2, master ? Command.busMaster : 0)
    const at = (id: number): number => (this.extended.find(id)?.offset ?? 0) + 6
    this.config.write(at(ExtendedId.ats), 2, ats ? 0x8000 : 0)
    this.config.write(at(ExtendedId.pasid), 2, pasid ? 1 : 0)
    return this
  }
}

/** A bus with an IOMMU that offers all services and notes what it is asked, or none. */
function scene(offered: boolean) {
  const asked: string[] = []
  const watched = new Set<string>()
  const watch = (what: string) => () => {
    watched.add(what)
    return () => void watched.delete(what)
  }
  let space: AddressSpace | undefined
  const services: Partial<BusIommu> = {
    translate: ({ bus, deviceFunction }, { address }) => {
      asked.push(`${bus.name} ${deviceFunction}: ${address}`)
      return Array(6).fill(ENTRY)
    },
    onInvalidate: watch('invalidations'),
    requestPage: ({ deviceFunction }, { group }) => void asked.push(`${deviceFunction}: group ${group}`),
    onPageResponse: watch('responses'),
  }
  const iommu: BusIommu = { addressSpaceOf: () => space as AddressSpace, ...(offered && services) }
  const { machine, host } = bridgeScene({ dma: iommu })
  space = machine.space
  return { host, asked, watched }
}

describe('a function that asks for translations', () => {
  test('is answered for the place that it seems to be at, with no more than it has room for (PC-7)', () => {
    const { host, asked } = scene(true)
    const card = host.plug('00:01.0', new PcieToPciBridge()).plug('03.0', new Card()).allow({})

    const answer = requestTranslation(card, REQUEST)

    expect(answer).toEqual(Array(4).fill(ENTRY))
    expect(asked).toEqual(['pcie-to-pci-bridge 0: 4096'])
  })

  test.each([
    ['it is no bus master', { master: false }, REQUEST, notPermitted],
    ['translation services are off', { ats: false }, REQUEST, notPermitted],
    ['it names a process and those are off', {}, { ...REQUEST, pasid: 5 }, notPermitted],
    ['it has no room for the answer', {}, { ...REQUEST, most: 0 }, noSpace],
    ['it is no bus master and has no room', { master: false }, { ...REQUEST, most: 0 }, notPermitted],
  ])('is refused where %s (PC-7)', (_, allowed, request, error) => {
    const { host, asked } = scene(true)
    const card = host.plug('00:01.0', new Card()).allow(allowed)

    expect(requestTranslation(card, request)).toBe(error)
    expect(asked).toEqual([])
  })

  test('may name a process where those are on (PC-7)', () => {
    const { host } = scene(true)
    const card = host.plug('00:01.0', new Card()).allow({ pasid: true })

    expect(requestTranslation(card, { ...REQUEST, pasid: 5 })).toHaveLength(4)
  })

  test('is told that there is nobody to ask (PC-7)', () => {
    const { host } = scene(false)
    const card = host.plug('00:01.0', new Card()).allow({})

    expect(requestTranslation(card, REQUEST)).toBe(noDevice)
    expect(requestPage(card, PAGE)).toBe(noDevice)
    expect(watchInvalidations(card, undefined, () => {})).toBe(noDevice)
    expect(watchPageResponses(card, undefined, () => {})).toBe(noDevice)
    expect(requestTranslation(bridgeScene().host.plug('00:01.0', new Card()).allow({}), REQUEST)).toBe(noDevice)
  })

  test('asks for pages, and hears of answers and invalidations, as a bus master alone (PC-7)', () => {
    const { host, asked, watched } = scene(true)
    const card = host.plug('00:01.0', new Card()).allow({ master: false })
    const refused = [
      requestPage(card, PAGE),
      watchInvalidations(card, undefined, () => {}),
      watchPageResponses(card, undefined, () => {}),
    ]
    card.allow({ ats: false })

    const ends = [watchInvalidations(card, undefined, () => {}), watchPageResponses(card, undefined, () => {})]
    const before = [...watched]
    for (const end of ends) if (typeof end === 'function') end()

    expect(refused).toEqual([notPermitted, notPermitted, notPermitted])
    expect(requestPage(card, PAGE)).toBeUndefined()
    expect([requestPage(card, { ...PAGE, pasid: 1 }), watchInvalidations(card, 1, () => {})]).toEqual([
      notPermitted,
      notPermitted,
    ])
    expect([before, [...watched], asked]).toEqual([['invalidations', 'responses'], [], ['8: group 1']])
  })
})
