import { MiB } from '@hostbridge/core/address'
import type { DmaFault } from '@hostbridge/core/machine'
import { MemTx, mmio } from '@hostbridge/core/memory'
import type { PciSlot } from '@hostbridge/devices/pci'
import { describe, expect, it } from 'vitest'
import { busUnderTest, PlainFunction } from './bus-under-test.ts'

describe('a function of a PCI bus', () => {
  it('reads and writes memory through its bus', () => {
    const { bus } = busUnderTest()
    const nic = bus.plug('00:01.0', new PlainFunction('nic'))
    const bytes = new Uint8Array(3)

    const results = [nic.dmaWrite(0x1fffn, Uint8Array.of(1, 2, 3)), nic.dmaRead(0x1fffn, bytes)]

    expect(results).toEqual([MemTx.ok, MemTx.ok])
    expect([...bytes]).toEqual([1, 2, 3])
    expect(nic.faults.total).toBe(0)
  })

  it('carries its requester id with its accesses', () => {
    const { bus, dma } = busUnderTest()
    const seen: unknown[] = []
    const region = mmio('doorbell', 0x1000n, {
      read: () => 0,
      write: (_offset, _value, _size, access) => {
        seen.push(access.attrs.requester)
      },
    })
    dma.root.add(region, 16n * MiB)

    bus.plug('00:03.1', new PlainFunction('nic')).dmaWrite(16n * MiB, new Uint8Array(4))

    expect(seen).toEqual([0x0019])
  })

  it('records an access that failed: who, the first address, what, why and when; and the machine tells of it', () => {
    const { machine, bus } = busUnderTest()
    const nic = bus.plug('00:01.0', new PlainFunction('nic'))
    const told: unknown[] = []
    machine.events.on('fault', (device, fault) => told.push([device.name, fault]))
    machine.at(70n, () => nic.dmaWrite(1n * MiB - 1n, new Uint8Array(2)))
    machine.run()
    const bytes = Uint8Array.of(7)

    const result = nic.dmaRead(4n * MiB, bytes)

    expect([result, bytes[0]]).toEqual([MemTx.decodeError, 0])
    expect([...nic.faults]).toMatchObject([
      { requester: 0x0008, iova: 1n * MiB, access: 'write', time: 70n },
      { requester: 0x0008, iova: 4n * MiB, access: 'read', time: 70n },
    ])
    for (const { reason } of nic.faults) expect(reason).not.toBe('')
    expect(told).toEqual([...nic.faults].map((fault: DmaFault) => ['nic', fault]))
  })

  it('says of memory that is there but refuses writes that it does', () => {
    const { bus } = busUnderTest()
    const nic = bus.plug('00:01.0', new PlainFunction('nic'))

    const result = nic.dmaWrite(2n * MiB, new Uint8Array(1))

    expect(result).toBe(MemTx.decodeError)
    expect(nic.faults.last).toMatchObject({ iova: 2n * MiB, access: 'write', reason: expect.stringContaining('rom') })
  })

  it('gives the result as the reason where a device answered with an error', () => {
    const { bus, dma } = busUnderTest()
    const failing = mmio('failing', 0x1000n, { read: () => 0, write: () => MemTx.error })
    dma.root.add(failing, 16n * MiB)
    const nic = bus.plug('00:01.0', new PlainFunction('nic'))

    const result = nic.dmaWrite(16n * MiB, new Uint8Array(4))

    expect(result).toBe(MemTx.error)
    expect(nic.faults.last).toMatchObject({ iova: 16n * MiB, reason: 'the target answered with result 1' })
  })

  it('has no DMA while it is not plugged', () => {
    const nic = new PlainFunction('nic')

    expect(() => nic.dmaRead(0n, new Uint8Array(1))).toThrowError(
      /'nic' has no bus to read memory through: plug it first/,
    )
    expect(() => nic.dmaWrite(0n, new Uint8Array(1))).toThrowError(/'nic' has no bus to write memory through/)
  })

  it('lives, in the slot of a host, in the time of the machine that the host has passed it to', () => {
    const { machine, dma } = busUnderTest()
    const card = new PlainFunction('card')
    let user: typeof machine | undefined
    const slot: PciSlot = {
      name: 'host 0000:01:00.0',
      address: { domain: 0, bus: 1, device: 0, function: 0 },
      requester: 0x0100,
      dma,
      get machine() {
        return user
      },
    }
    const told: number[] = []
    machine.events.on('fault', (_device, { requester }) => told.push(requester as number))
    card.enterSlot(slot)
    card.dmaRead(64n * MiB, new Uint8Array(1))

    user = machine
    machine.run({ until: 5n })
    card.dmaRead(64n * MiB, new Uint8Array(1))

    expect([...card.faults].map(({ time }) => time)).toEqual([0n, 5n])
    expect(told).toEqual([0x0100])
    card.leaveSlot(slot)
    expect(card.slot).toBeUndefined()
  })
})
