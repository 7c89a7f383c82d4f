import { GiB, KiB, MiB } from '@hostbridge/core/address'
import { Machine } from '@hostbridge/core/machine'
import { MemTx, ram } from '@hostbridge/core/memory'
import { HcallStatus, SpaprHostBridge } from '@hostbridge/devices/spapr'
import { type PlugRefusedError, type Type1Options, VfioPciDevice } from '@hostbridge/devices/vfio'
import { describe, expect, test } from 'vitest'
import { hostWith, thrownBy } from './guest.ts'
import { bytesOf, runsOf } from './page-table.ts'

const PAGE = 4n * KiB
const LIOBN = 0x80000000n
const RW = 3n

/** A pseries machine with one host bridge, and a host with a card. */
function pseries(options: Type1Options = {}) {
  const machine = new Machine('pseries')
  machine.map(0n, ram('ram', 4n * GiB))
  const phb = machine.plug(new SpaprHostBridge({ index: 0 }))
  return { machine, phb, ...hostWith(options, 2) }
}

describe('a card behind a pseries host bridge', () => {
  test('finds the 512 mappings that exist when it is plugged, and loses them when it is unplugged (HI-2)', () => {
    const { machine, phb, host, card } = pseries({ pageSizes: [PAGE, 2n * MiB] })
    for (let page = 0n; page < 512n; page++) phb.window.put(page * PAGE, { to: page * 64n * KiB, access: 'rw' })
    machine.space.write(5n * 64n * KiB, Uint8Array.of(55))

    const vfio = phb.plug('00:02.0', new VfioPciDevice(card))
    const { table } = vfio.container!
    const read = card.read(5n * PAGE, 1)

    expect(vfio.replay).toEqual({ events: 512, bytes: 512n * PAGE, failures: [] })
    expect(read).toEqual({ result: MemTx.ok, bytes: Uint8Array.of(55) })
    expect(table.entries).toBe(512)
    phb.unplug(vfio)
    expect([table.entries, table.unmaps, host.entries]).toEqual([0, 1, 0])
  })

  test('maps exactly two entries for two valid TCEs, and one unmap follows an H_PUT_TCE of 0 (vector 9)', () => {
    const { phb, card } = pseries()
    phb.hypercalls.putTce(LIOBN, 0x1000n, 0x2_0000n | RW)
    phb.hypercalls.putTce(LIOBN, 0x5000n, 0x8_0000n | RW)
    const vfio = phb.plug('00:02.0', new VfioPciDevice(card))
    const { table } = vfio.container!
    const mapped = runsOf(table)

    phb.hypercalls.putTce(LIOBN, 0x1000n, 0n)

    expect(mapped).toEqual(['1+1>20 3/12', '5+1>80 3/12'])
    expect(runsOf(table)).toEqual(['5+1>80 3/12'])
    expect(table.unmaps).toBe(1)
  })

  test('has a TCE that is put over another replaced as one change (TC-10, hazard 8)', () => {
    const { phb, card } = pseries()
    phb.hypercalls.putTce(LIOBN, 0x1000n, 0x2_0000n | RW)
    const vfio = phb.plug('00:02.0', new VfioPciDevice(card))

    const status = phb.hypercalls.putTce(LIOBN, 0x1000n, 0x3_0000n | 1n)

    expect(status).toBe(HcallStatus.success)
    expect(runsOf(vfio.container!.table)).toEqual(['1+1>30 1/12'])
    expect(vfio.container!.table.unmaps).toBe(0)
  })

  test('gives the guest H_HARDWARE for what the host refuses; the old entry stays on both sides', () => {
    const { machine, phb, card } = pseries({ maxEntries: 2 })
    phb.hypercalls.putTce(LIOBN, 0x1000n, 0x2_0000n | RW)
    phb.hypercalls.putTce(LIOBN, 0x2000n, 0x3_0000n | RW)
    const vfio = phb.plug('00:02.0', new VfioPciDevice(card))
    const before = bytesOf(vfio.container!.table.table)

    const full = phb.hypercalls.putTce(LIOBN, 0x3000n, 0x4_0000n | RW)
    const noRam = phb.hypercalls.putTce(LIOBN, 0x1000n, 0x10_0000_0000n | RW)
    const inPlace = phb.hypercalls.putTce(LIOBN, 0x2000n, 0x3_0000n | 1n)

    expect([full, noRam, inPlace]).toEqual([HcallStatus.hardware, HcallStatus.hardware, HcallStatus.success])
    expect(phb.hypercalls.getTce(LIOBN, 0x1000n).tce).toBe(0x2_0000n | RW)
    expect(phb.hypercalls.getTce(LIOBN, 0x3000n).tce).toBe(0n)
    expect([...machine.guestErrors].map(({ message }) => message)).toEqual([
      expect.stringContaining("[0x3000, 0x3fff] (0x1000 bytes): the host's page table is full with 2 entries [limit]"),
      expect.stringContaining("it leads to no RAM in the guest's memory [not-ram]"),
    ])
    phb.hypercalls.putTce(LIOBN, 0x2000n, 0x3_0000n | RW)
    expect(bytesOf(vfio.container!.table.table)).toEqual(before)
  })

  test('has a 16 MiB page in eight 2 MiB pages of the host', () => {
    const { phb, card } = pseries({ pageSizes: [PAGE, 2n * MiB] })
    const window = phb.createWindow({ pageShift: 24, windowShift: 32 })
    window.put(0x0800_0000_0000_0000n + 16n * MiB, { to: 32n * MiB, access: 'rw' })

    const vfio = phb.plug('00:02.0', new VfioPciDevice(card))

    expect(vfio.replay).toEqual({ events: 1, bytes: 16n * MiB, failures: [] })
    expect(vfio.container!.table.entries).toBe(8)
    expect(runsOf(vfio.container!.table)).toEqual(['800000001000+1000>2000 3/21'])
    expect(card.read(0x0800_0000_01ff_fff8n, 8).result).toBe(MemTx.ok)
  })

  test('cannot have 4 KiB pages on a host whose smallest are 64 KiB (VN-6, hazard 37)', () => {
    const { phb, host, card } = pseries({ pageSizes: [64n * KiB] })
    for (let page = 0n; page < 16n; page++) phb.window.put(page * PAGE, { to: page * PAGE, access: 'rw' })
    phb.window.put(0x10_0000n, { to: 0n, access: 'r' })

    const error = thrownBy(() => phb.plug('00:02.0', new VfioPciDevice(card))) as PlugRefusedError

    expect(error.refused.map(({ iova, size, code }) => [iova, size, code])).toEqual([
      [0n, 64n * KiB, 'page-size'],
      [0x10_0000n, PAGE, 'page-size'],
    ])
    expect(phb.bus.devices).toEqual([])
    expect(phb.window.needVfio).toBe(false)
    expect([host.containers.length, host.memory.placed]).toEqual([0, 0])
  })

  test('has a window that is opened and closed at runtime followed and forgotten (vectors 10 and 11)', () => {
    const { phb, card } = pseries()
    const vfio = phb.plug('00:02.0', new VfioPciDevice(card))
    const { table } = vfio.container!
    const window = phb.createWindow({ pageShift: 16, windowShift: 30 })
    window.put(0x0800_0000_0000_0000n, { to: 0n, access: 'rw' })
    const mapped = table.entries

    phb.removeWindow(window)

    expect(mapped).toBe(16)
    expect([table.entries, table.unmaps]).toEqual([0, 1])
  })

  test('has nothing mapped any more after a reset, which closes and opens the default window (PH-7, hazard 34)', () => {
    const { machine, phb, card } = pseries()
    phb.window.put(0n, { to: 0n, access: 'rw' })
    const vfio = phb.plug('00:02.0', new VfioPciDevice(card))

    machine.reset()
    phb.window.put(0x7000n, { to: 0n, access: 'rw' })

    expect(runsOf(vfio.container!.table)).toEqual(['7+1>0 3/12'])
  })

  test('shares its container with a second card on the same bridge (CT-3)', () => {
    const { phb, cards } = pseries()
    phb.window.put(0n, { to: 0n, access: 'rw' })
    const [first, second] = cards.map((card, index) => phb.plug(`00:0${index + 1}.0`, new VfioPciDevice(card)))

    expect(second!.container).toBe(first!.container)
    expect(second!.replay.events).toBe(0)
  })

  test('is restored with its mappings when the machine is', () => {
    const { machine, phb, card } = pseries()
    phb.window.put(0x1000n, { to: 0x3000n, access: 'rw' })
    const vfio = phb.plug('00:02.0', new VfioPciDevice(card))
    const state = machine.save()
    phb.window.put(0x1000n, { to: 0x5000n, access: 'r' })
    phb.window.put(0x2000n, { to: 0x6000n, access: 'r' })

    machine.restore(state)

    expect(runsOf(vfio.container!.table)).toEqual(['1+1>3 3/12'])
  })
})
