import { GiB, KiB, MiB } from '@hostbridge/core/address'
import { MemTx } from '@hostbridge/core/memory'
import { us } from '@hostbridge/core/time'
import { DmaEngine } from '@hostbridge/devices/endpoints'
import { PlugRefusedError, VfioPciDevice } from '@hostbridge/devices/vfio'
import { describe, expect, test } from 'vitest'
import { Guest, hostWith, thrownBy } from './guest.ts'
import { runsOf } from './page-table.ts'

const PAGE = 4n * KiB

describe('a card that is plugged onto existing mappings', () => {
  test('does DMA through them, because they were replayed', () => {
    const guest = new Guest()
    const { bus, iommu } = guest.busWithIommu()
    iommu.map({ iova: 0x10000n, size: PAGE, to: 0x50000n, access: 'rw' })
    guest.ram.memory.write(0x50010n, Uint8Array.of(1, 2, 3))
    const { card } = hostWith({})

    const vfio = bus.plug('00:01.0', new VfioPciDevice(card))

    expect(vfio.replay).toEqual({ events: 1, bytes: PAGE, failures: [] })
    expect(card.read(0x10010n, 3)).toEqual({ result: MemTx.ok, bytes: Uint8Array.of(1, 2, 3) })
    expect(card.write(0x10ff0n, Uint8Array.of(9))).toBe(MemTx.ok)
    expect(guest.machine.space.read(0x50ff0n, new Uint8Array(1))).toBe(MemTx.ok)
  })

  test('the IOMMU of its bus is told of the card before anything is mapped, may refuse it, and hears when it leaves (PC-5)', () => {
    const guest = new Guest()
    const heard: string[] = []
    let refusing = true
    const bus = guest.busOn({
      addressSpaceOf: () => guest.machine.space,
      setHostDevice({ host }) {
        if (refusing) throw new Error(`no room for ${host.name}`)
        heard.push(`${host.name} comes, ${card.slot?.machine === undefined ? 'unassigned' : 'assigned'}`)
      },
      unsetHostDevice: ({ host }) => void heard.push(`${host.name} goes`),
    })
    const { card } = hostWith({})

    const refused = thrownBy(() => bus.plug('00:01.0', new VfioPciDevice(card)))
    refusing = false
    bus.unplug(bus.plug('00:01.0', new VfioPciDevice(card)))

    expect(refused).toMatchObject({ message: 'no room for host 01:00.0' })
    expect(heard).toEqual(['host 01:00.0 comes, unassigned', 'host 01:00.0 goes'])
  })

  test('faults without replay, and works with what is mapped afterwards', () => {
    const guest = new Guest()
    const { bus, iommu } = guest.busWithIommu()
    iommu.map({ iova: 0x10000n, size: PAGE, to: 0x50000n, access: 'rw' })
    const { card } = hostWith({})

    const vfio = bus.plug('00:01.0', new VfioPciDevice(card, { replay: false }))
    const before = card.read(0x10000n, 4)
    iommu.map({ iova: 0x20000n, size: PAGE, to: 0x60000n, access: 'rw' })
    const after = card.read(0x20000n, 4)

    expect(vfio.replay).toEqual({ events: 0, bytes: 0n, failures: [] })
    expect(before.result).not.toBe(MemTx.ok)
    expect(vfio.faults.last).toMatchObject({ requester: 0x100, iova: 0x10000n, access: 'read' })
    expect(after.result).toBe(MemTx.ok)
  })

  test('tells the guest’s machine of its faults, at its time', () => {
    const guest = new Guest()
    const { bus } = guest.busWithIommu()
    const { card } = hostWith({})
    bus.plug('00:01.0', new VfioPciDevice(card))
    const seen: unknown[] = []
    guest.machine.events.on('fault', (device, fault) => seen.push([device, fault]))
    guest.machine.at(7n * us, () => card.read(0x1000n, 1))

    guest.machine.run()

    expect(seen).toEqual([[card, expect.objectContaining({ iova: 0x1000n, time: 7n * us })]])
  })
})

test('the mappings of a card do not depend on the guest letting it be a bus master (PC-3)', () => {
  const guest = new Guest()
  const { bus, iommu } = guest.busWithIommu()
  iommu.map({ iova: 0x10000n, size: PAGE, to: 0x50000n, access: 'rw' })
  const { host, card } = hostWith({})
  const vfio = bus.plug('00:01.0', new VfioPciDevice(card))
  const before = host.entries

  vfio.config.write(4, 2, 0x4)
  vfio.config.write(4, 2, 0)
  iommu.map({ iova: 0x20000n, size: PAGE, to: 0x60000n, access: 'rw' })

  expect([before, host.entries]).toEqual([1, 2])
})

describe('a card in no container', () => {
  test('has no mappings, and its DMA is a recorded fault', () => {
    const { card } = hostWith({})

    const { result } = card.read(0x1000n, 4)

    expect(result).not.toBe(MemTx.ok)
    expect([...card.faults].map(({ iova, requester }) => ({ iova, requester }))).toEqual([
      { iova: 0x1000n, requester: 0x100 },
    ])
  })
})

describe('unplugging', () => {
  test('unmaps each section once and leaves an empty table and nothing in the host’s memory (CT-5)', () => {
    const guest = new Guest()
    const { bus, iommu } = guest.busWithIommu()
    for (let page = 0n; page < 100n; page++) {
      iommu.map({ iova: page * 2n * PAGE, size: PAGE, to: page * PAGE, access: 'rw' })
    }
    const { host, card } = hostWith({})
    const vfio = bus.plug('00:01.0', new VfioPciDevice(card))
    const table = vfio.container?.table
    const mapped = table?.entries

    bus.unplug(vfio)

    expect(mapped).toBe(100)
    expect(table?.entries).toBe(0)
    expect(table?.unmaps).toBe(1)
    expect(host.containers).toEqual([])
    expect(host.memory.placed).toBe(0)
    expect(iommu.notifierFlags).toBe(0)
    expect(card.read(0n, 1).result).not.toBe(MemTx.ok)
  })

  test('cancels a transfer that is under way', () => {
    const guest = new Guest()
    const { bus, iommu } = guest.busWithIommu()
    iommu.map({ iova: 0n, size: PAGE, to: 0n, access: 'rw' })
    const { card } = hostWith({})
    const vfio = bus.plug('00:01.0', new VfioPciDevice(card))
    const transfer = card.start({ direction: 'read', iova: 0n, bytes: new Uint8Array(8) })

    bus.unplug(vfio)
    guest.machine.run()

    expect(transfer.status).toBe('cancelled')
    expect(guest.machine.now).toBe(0n)
  })

  test('lets the card be plugged again, into the same table', () => {
    const guest = new Guest()
    const { bus, iommu } = guest.busWithIommu()
    iommu.map({ iova: 0x7000n, size: 3n * PAGE, to: 0x1000n, access: 'r' })
    const { card } = hostWith({})
    const first = bus.plug('00:01.0', new VfioPciDevice(card))
    const before = runsOf(first.container!.table)
    bus.unplug(first)

    const second = bus.plug('00:02.0', new VfioPciDevice(card))

    expect(runsOf(second.container!.table)).toEqual(before)
  })
})

describe('a plug that the host refuses', () => {
  test('throws one error with every refused run, and leaves nothing behind', () => {
    const guest = new Guest(1n * GiB)
    const { bus, iommu } = guest.busWithIommu()
    iommu.map({ iova: 0x10000n, size: 64n * KiB, to: 0x20000n, access: 'rw', pageSize: 64n * KiB })
    iommu.map({ iova: 0x40000n, size: 2n * PAGE, to: 0x1000n, access: 'rw', pageSize: PAGE })
    iommu.map({ iova: 0x80000n, size: 64n * KiB, to: 2n * GiB, access: 'rw', pageSize: 64n * KiB })
    const { host, card } = hostWith({ pageSizes: [64n * KiB] })
    const vfio = new VfioPciDevice(card)

    const error = thrownBy(() => bus.plug('00:01.0', vfio)) as PlugRefusedError

    expect(error).toBeInstanceOf(PlugRefusedError)
    expect(error.code).toBe('vfio.plug-refused')
    expect(error.refused.map(({ iova, size, code }) => ({ iova, size, code }))).toEqual([
      { iova: 0x40000n, size: 2n * PAGE, code: 'page-size' },
      { iova: 0x80000n, size: 64n * KiB, code: 'not-ram' },
    ])
    expect(error.message).toMatchInlineSnapshot(`
      "plugging 'vfio card0' was refused:
        [0x40000, 0x41fff] (0x2000 bytes): it fills no page of the host, which has pages of 64 KiB [page-size]
        [0x80000, 0x8ffff] (0x10000 bytes): it leads to no RAM in the guest's memory [not-ram]
        'dma0' around 0x40000:
        > 0000000000000000-ffffffffffffffff      16 EiB  iommu 'iommu0'"
    `)
    expect(bus.devices).toEqual([])
    expect(vfio.machine).toBeUndefined()
    expect(host.containers).toEqual([])
    expect(host.memory.placed).toBe(0)
    expect(iommu.notifierFlags).toBe(0)
    expect(guest.machine.memory.listeners).toEqual([])
  })

  test('can be tried again when the guest has unmapped what was in the way', () => {
    const guest = new Guest(1n * GiB)
    const { bus, iommu } = guest.busWithIommu()
    iommu.map({ iova: 0n, size: MiB, to: 0n, access: 'rw' })
    iommu.map({ iova: 2n * GiB, size: PAGE, to: 2n * GiB, access: 'rw' })
    const { card } = hostWith({})
    const vfio = new VfioPciDevice(card)
    thrownBy(() => bus.plug('00:01.0', vfio))
    iommu.unmap({ iova: 2n * GiB, size: PAGE })

    bus.plug('00:01.0', vfio)

    expect(vfio.replay.bytes).toBe(MiB)
    expect(card.read(0xff000n, 16).result).toBe(MemTx.ok)
  })
})

describe('wiring mistakes', () => {
  test('a card can be passed to one guest device at a time (CT-1)', () => {
    const guest = new Guest()
    const { bus } = guest.busWithIommu()
    const { card } = hostWith({})
    bus.plug('00:01.0', new VfioPciDevice(card))

    expect(() => bus.plug('00:02.0', new VfioPciDevice(card))).toThrow(/host 01:00.0 cannot be passed to 'vfio card0'/)
    expect(bus.devices).toHaveLength(1)
  })

  test('a card that is in no host cannot be passed through', () => {
    const guest = new Guest()
    const { bus } = guest.busWithIommu()

    expect(() => bus.plug('00:02.0', new VfioPciDevice(new DmaEngine()))).toThrow(
      /is in no host; plug it into one first/,
    )
  })

  test('a device that is plugged into the machine itself has no bus', () => {
    const guest = new Guest()
    const { card } = hostWith({})

    expect(() => guest.machine.plug(new VfioPciDevice(card))).toThrow(/sits on no bus/)
  })
})

describe('the rest of a card', () => {
  test('its interrupts reach the guest through the passed-through device', () => {
    const guest = new Guest()
    const { bus, iommu } = guest.busWithIommu()
    iommu.map({ iova: 0n, size: PAGE, to: 0n, access: 'rw' })
    const { card } = hostWith({})
    const vfio = bus.plug('00:01.0', new VfioPciDevice(card))
    card.start({ direction: 'read', iova: 0n, bytes: new Uint8Array(8) })

    guest.machine.run()

    expect(vfio.interrupts.get('irq')?.raised).toBe(true)
  })

  test('a reset resets the card and keeps its mappings (CT-9)', () => {
    const guest = new Guest()
    const { bus, iommu } = guest.busWithIommu()
    iommu.map({ iova: 0n, size: PAGE, to: 0n, access: 'rw' })
    const { card } = hostWith({})
    const vfio = bus.plug('00:01.0', new VfioPciDevice(card))
    card.start({ direction: 'read', iova: 0n, bytes: new Uint8Array(8) })

    guest.machine.run()
    card.start({ direction: 'read', iova: 0n, bytes: new Uint8Array(8) })
    const raised = [card.irq.raised, vfio.interrupts.get('irq')?.raised]

    guest.machine.reset()

    expect(raised).toEqual([true, true])
    expect([card.pending.length, card.completed]).toEqual([0, 0])
    expect([card.irq.raised, vfio.interrupts.get('irq')?.raised]).toEqual([false, false])
    expect(vfio.container!.table.entries).toBe(1)
  })

  test('a restored card has its interrupt raised as it was', () => {
    const guest = new Guest()
    const { bus } = guest.busWithIommu()
    const { card } = hostWith({})
    const vfio = bus.plug('00:01.0', new VfioPciDevice(card))
    const lowered = guest.machine.save()
    card.irq.raise()
    const raised = guest.machine.save()

    guest.machine.restore(lowered)
    const first = [card.irq.raised, vfio.interrupts.get('irq')?.raised]
    guest.machine.restore(raised)

    expect(first).toEqual([false, false])
    expect([card.irq.raised, vfio.interrupts.get('irq')?.raised]).toEqual([true, true])
  })

  test('a restored machine has the mappings of its restored tables, by replay', () => {
    const guest = new Guest()
    const { bus, iommu } = guest.busWithIommu()
    iommu.map({ iova: 0x1000n, size: PAGE, to: 0x1000n, access: 'rw' })
    const { card } = hostWith({})
    const vfio = bus.plug('00:01.0', new VfioPciDevice(card))
    card.start({ direction: 'read', iova: 0x1000n, bytes: new Uint8Array(8), latency: 5n * us })
    const state = guest.machine.save()
    const saved = runsOf(vfio.container!.table)
    iommu.unmap({ iova: 0x1000n, size: PAGE })
    iommu.map({ iova: 0x5000n, size: PAGE, to: 0x1000n, access: 'rw' })
    guest.machine.run()
    iommu.erase({ iova: 0x5000n, size: PAGE })
    iommu.store({ iova: 0x1000n, size: PAGE, to: 0x1000n, access: 'rw' })

    guest.machine.restore(state)

    expect(runsOf(vfio.container!.table)).toEqual(saved)
    expect(card.read(0x1000n, 1).result).toBe(MemTx.ok)
    expect(card.read(0x5000n, 1).result).not.toBe(MemTx.ok)
    expect(guest.machine.run().now).toBe(5n * us)
  })
})
