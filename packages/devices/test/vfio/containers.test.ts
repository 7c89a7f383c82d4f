import { KiB } from '@hostbridge/core/address'
import { MemTx } from '@hostbridge/core/memory'
import { VfioPciDevice } from '@hostbridge/devices/vfio'
import { describe, expect, test } from 'vitest'
import { Guest, hostWith } from './guest.ts'
import { bytesOf } from './page-table.ts'

const PAGE = 4n * KiB

describe('joining a container', () => {
  test('maps nothing new and replays nothing; the second card sees what is mapped (CT-3)', () => {
    const guest = new Guest()
    const { bus, iommu } = guest.busWithIommu()
    iommu.map({ iova: 0x1000n, size: PAGE, to: 0x2000n, access: 'rw' })
    const { host, cards } = hostWith({}, 2)
    const first = bus.plug('00:01.0', new VfioPciDevice(cards[0]!))
    const bytes = bytesOf(first.container!.table.table)

    const second = bus.plug('00:02.0', new VfioPciDevice(cards[1]!))

    expect(second.replay).toEqual({ events: 0, bytes: 0n, failures: [] })
    expect(second.container).toBe(first.container)
    expect(bytesOf(first.container!.table.table)).toEqual(bytes)
    expect(host.containers).toHaveLength(1)
    expect(cards[1]!.read(0x1000n, 8).result).toBe(MemTx.ok)
  })

  test('keeps the mappings until the last card has gone, and unmaps once then (CT-5)', () => {
    const guest = new Guest()
    const { bus, iommu } = guest.busWithIommu()
    iommu.map({ iova: 0x1000n, size: PAGE, to: 0x2000n, access: 'rw' })
    const { cards } = hostWith({}, 2)
    const first = bus.plug('00:01.0', new VfioPciDevice(cards[0]!))
    const second = bus.plug('00:02.0', new VfioPciDevice(cards[1]!))
    const { table } = first.container!

    bus.unplug(first)
    const kept = cards[1]!.read(0x1000n, 8).result
    bus.unplug(second)

    expect(kept).toBe(MemTx.ok)
    expect(table.entries).toBe(0)
    expect(table.unmaps).toBe(1)
  })

  test('two cards on two guest buses have a container each and share the guest’s RAM in the host (CT-1)', () => {
    const guest = new Guest()
    const left = guest.busWithIommu()
    const right = guest.busWithIommu()
    left.iommu.map({ iova: 0x1000n, size: PAGE, to: 0x2000n, access: 'rw' })
    right.iommu.map({ iova: 0x1000n, size: PAGE, to: 0x9000n, access: 'rw' })
    guest.ram.memory.write(0x2000n, Uint8Array.of(2))
    guest.ram.memory.write(0x9000n, Uint8Array.of(9))
    const { host, cards } = hostWith({}, 2)

    const a = left.bus.plug('00:01.0', new VfioPciDevice(cards[0]!))
    right.bus.plug('00:01.0', new VfioPciDevice(cards[1]!))

    expect(host.containers).toHaveLength(2)
    expect(host.memory.placed).toBe(1)
    expect([cards[0]!.read(0x1000n, 1).bytes[0], cards[1]!.read(0x1000n, 1).bytes[0]]).toEqual([2, 9])
    left.bus.unplug(a)
    expect(cards[1]!.read(0x1000n, 1).bytes[0]).toBe(9)
    expect(host.memory.placed).toBe(1)
  })
})
