import { DmaEngine } from '@hostbridge/devices/endpoints'
import { Host, Type1Iommu, VfioPciDevice } from '@hostbridge/devices/vfio'
import { describe, expect, test } from 'vitest'
import { Guest, hostWith } from './guest.ts'

describe('Host', () => {
  test('puts one card into a slot and names both where two want it', () => {
    const { host } = hostWith({})

    expect(() => host.plug('01:00.0', new DmaEngine({ name: 'late' }))).toThrow(
      "'late' cannot be plugged at host 01:00.0: 'card0' is there; take another slot or unplug it",
    )
    expect(host.memory.system.spaces.map(({ name }) => name)).toEqual([
      'host-memory',
      'host 01:00.0',
      'host 01:00.0 bus master',
    ])
  })

  test('does not take a card that sits elsewhere', () => {
    const { card } = hostWith({})
    const other = new Host({ iommu: new Type1Iommu(), name: 'other' })

    expect(() => other.plug('0000:01:00.0', card)).toThrow(/it is at host 01:00.0; unplug it there first/)
    expect(other.memory.system.spaces).toHaveLength(1)
  })

  test('lets a card go that no guest has, and its slot be taken again', () => {
    const { host, card } = hostWith({})

    host.unplug(card)
    const next = host.plug('0000:01:00.0', new DmaEngine())

    expect(card.slot).toBeUndefined()
    expect(next.slot?.requester).toBe(0x100)
    expect(() => host.unplug(card)).toThrow(/it is nowhere/)
  })

  test('keeps a card that a guest has, and says who', () => {
    const { host, card } = hostWith({})
    const guest = new Guest()
    const { bus } = guest.busWithIommu()
    const vfio = bus.plug('00:01.0', new VfioPciDevice(card))

    expect(() => host.unplug(card)).toThrow("it is passed to 'vfio card0' of machine 'guest'; unplug that first")
    bus.unplug(vfio)
    host.unplug(card)
    expect(host.memory.system.spaces).toHaveLength(1)
  })

  test('knows the container of a guest’s address space while a card is in it', () => {
    const { host, card } = hostWith({})
    const { bus } = new Guest().busWithIommu()
    const vfio = bus.plug('00:01.0', new VfioPciDevice(card))

    expect(host.containerOf(bus.dmaOf(0))).toBe(vfio.container)
    bus.unplug(vfio)
    expect(host.containerOf(bus.dmaOf(0))).toBeUndefined()
    expect(vfio.container).toBeUndefined()
  })
})
