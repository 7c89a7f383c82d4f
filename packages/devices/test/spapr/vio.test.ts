import { MiB } from '@hostbridge/core/address'
import { Machine } from '@hostbridge/core/machine'
import { MemTx, ram } from '@hostbridge/core/memory'
import { Hypercalls, VioDevice } from '@hostbridge/devices/spapr'
import { describe, expect, it } from 'vitest'
import { Mirror } from './mirror.ts'

function build() {
  const machine = new Machine('pseries')
  machine.map(0n, ram('ram', 1n * MiB))
  const calls = new Hypercalls()
  const vio = machine.plug(new VioDevice('vscsi', 0x2000, calls))
  return { machine, calls, vio }
}

describe('a virtual I/O device', () => {
  it('has a TCE table of its own by its unit, a LIOBN whose bit 31 is clear (LB-1)', () => {
    const { calls, vio } = build()

    const status = calls.putTce(0x2000n, 0x1000n, 0x5003n)

    expect([status, vio.table.liobn, vio.table.entryAt(1)]).toEqual([0, 0x2000, 0x5003n])
    expect(vio.table.window).toEqual({ pageShift: 12, busOffset: 0n, entries: 65536 })
  })

  it.each([-1, 2 ** 31, 1.5])('cannot be unit %d (LB-1)', (unit) => {
    expect(() => new VioDevice('vio', unit, new Hypercalls())).toThrowError(
      `'vio' cannot be unit ${unit}: a unit is 0 to 0x7fffffff`,
    )
  })

  it('reaches memory through its table, and all of it around the table (PH-10)', () => {
    const { machine, vio } = build()
    vio.table.put(0x1000n, { to: 0x5000n, access: 'rw' })
    const write = (address: bigint) => vio.dma.write(address, Uint8Array.of(7))

    const through = [write(0x1000n), write(0x9000n)]
    vio.setBypass(true)
    const around = [write(0x9000n), write(2n * MiB)]

    expect(through).toEqual([MemTx.ok, MemTx.decodeError])
    expect(around).toEqual([MemTx.ok, MemTx.decodeError])
    const bytes = [0x5000n, 0x9000n].map((address) => {
      const byte = new Uint8Array(1)
      machine.space.read(address, byte)
      return byte[0]
    })
    expect(bytes).toEqual([7, 7])
  })

  it('has its table over the memory that lies around it (PH-10)', () => {
    const { vio } = build()

    const [over, under] = [...vio.dma.root.children].sort((a, b) => b.priority - a.priority)

    expect([over?.priority, over?.enabled, under?.priority, under?.enabled]).toEqual([2, true, 1, false])
  })

  it('is back at its table after a reset, which is empty without a word to notifiers (PH-10, TC-7)', () => {
    const { machine, vio } = build()
    const mirror = new Mirror('vfio')
    vio.table.register(mirror.notifier)
    vio.table.put(0x1000n, { to: 0x5000n, access: 'rw' })
    vio.setBypass(true)

    machine.reset()

    expect([vio.bypass, vio.table.entryAt(1), vio.table.entries]).toEqual([false, 0n, 65536])
    expect(vio.dma.flatView.ranges.map(({ region }) => region.kind)).toEqual(['iommu'])
    expect(mirror.log).toEqual(['map 0x1000 → 0x5000 3'])
  })

  it('comes back from a saved state, with its bypass (TC-12)', () => {
    const { machine, vio } = build()
    vio.table.put(0x1000n, { to: 0x5000n, access: 'rw' })
    vio.setBypass(true)
    const other = build()

    other.machine.restore(machine.save())

    expect([other.vio.bypass, other.vio.table.entryAt(1)]).toEqual([true, 0x5003n])
  })

  it('leaves nothing behind, and has no DMA while it is not plugged', () => {
    const { machine, calls, vio } = build()
    const { table } = vio

    machine.unplug(vio)

    expect([[...calls.tables], calls.machine, table.window]).toEqual([[], undefined, undefined])
    expect(machine.memory.spaces.map(({ name }) => name)).toEqual(['memory'])
    expect(() => vio.dma).toThrowError("'vscsi' has no DMA address space: plug it into a machine first")
    expect(machine.plug(vio).table.entries).toBe(65536)
  })

  it('cannot have the unit of another', () => {
    const { machine, calls } = build()

    expect(() => machine.plug(new VioDevice('second', 0x2000, calls))).toThrowError(/LIOBN 0x2000/)
  })
})
