import { GiB, MiB } from '@hostbridge/core/address'
import { Machine } from '@hostbridge/core/machine'
import { type MemoryListener, MemTx, ram } from '@hostbridge/core/memory'
import { DmaEngine } from '@hostbridge/devices/endpoints'
import { SpaprHostBridge } from '@hostbridge/devices/spapr'
import { describe, expect, it } from 'vitest'
import { type LogEntry, VfioLikeListener } from './vfio-like-listener.ts'

function build(): { machine: Machine; phb: SpaprHostBridge } {
  const machine = new Machine('pseries')
  machine.map(0n, ram('ram', 64n * MiB))
  return { machine, phb: machine.plug(new SpaprHostBridge({ index: 0 })) }
}

describe('a pseries host bridge', () => {
  it('has an index, which gives its bus unit id and its LIOBNs (PH-1, LB-1)', () => {
    const machine = new Machine('pseries')
    const last = machine.plug(new SpaprHostBridge({ index: 30 }))

    expect(last.buid).toBe(0x80000002000001en)
    expect(last.windows.tables.map(({ liobn }) => liobn)).toEqual([0x80001e00, 0x80001e01])
    expect(() => new SpaprHostBridge({ index: 31 })).toThrowError(/index 31: it is 0 to 30/)
    expect(() => machine.plug(new SpaprHostBridge({ index: 30 }))).toThrowError(/phb30/)
  })

  it('has a DMA address space of the default window and the MSI window, and of nothing else (PH-4, PH-5)', () => {
    const { phb } = build()

    expect(phb.dma.flatView.ranges.map(({ start, size, region }) => [start, size, region.kind])).toEqual([
      [0n, 1n * GiB, 'iommu'],
      [0x40000000000n, 0x1000n, 'mmio'],
    ])
  })

  it('lets a function reach what is put into its windows, and nothing untranslated (PH-5)', () => {
    const { machine, phb } = build()
    const engine = phb.plug('00:01.0', new DmaEngine())
    const window64 = phb.createWindow({ pageShift: 16, windowShift: 30 })
    phb.window.put(0x1000n, { to: 0x5000n, access: 'rw' })
    window64.put(0x800000000010000n, { to: 0x20000n, access: 'w' })

    const results = [
      engine.write(0x1000n, Uint8Array.of(1)),
      engine.write(0x800000000010004n, Uint8Array.of(2)),
      engine.read(0x800000000010004n, 1).result,
      engine.write(0x5000n, Uint8Array.of(3)),
    ]

    const bytes = [new Uint8Array(1), new Uint8Array(1)] as const
    machine.space.read(0x5000n, bytes[0])
    machine.space.read(0x20004n, bytes[1])
    expect(results).toEqual([MemTx.ok, MemTx.ok, MemTx.decodeError, MemTx.decodeError])
    expect([bytes[0][0], bytes[1][0]]).toEqual([1, 2])
    expect([...engine.faults].map(({ iova, access }) => [iova, access])).toEqual([
      [0x800000000010004n, 'read'],
      [0x5000n, 'write'],
    ])
  })

  it('has its default window where it is told to (PH-6)', () => {
    const phb = new Machine('pseries').plug(
      new SpaprHostBridge({ index: 0, window: { start: 2n * GiB, size: 256n * MiB }, window64Start: 1n << 40n }),
    )

    expect(phb.window.window).toEqual({ pageShift: 12, busOffset: 2n * GiB, entries: 65536 })
    expect(phb.createWindow({ pageShift: 24, windowShift: 30 }).window?.busOffset).toBe(1n << 40n)
  })

  it('is reset before the functions behind it, to the default window (PH-7)', () => {
    const { machine, phb } = build()
    const order: string[] = []
    class Watcher extends DmaEngine {
      override resetHold(): void {
        order.push(`child sees ${phb.windows.active.length} window`)
      }
    }
    phb.plug('00:01.0', new Watcher())
    phb.createWindow({ pageShift: 16, windowShift: 20 })
    phb.window.put(0x1000n, { to: 0x5000n, access: 'rw' })

    machine.reset()

    expect(order).toEqual(['child sees 1 window'])
    expect([phb.window.entryAt(1), phb.window64]).toEqual([0n, undefined])
  })

  it('goes on without windows, with a guest error, when a listener refuses the one of a reset', () => {
    const { machine, phb } = build()
    let refuse = false
    const listener: MemoryListener = {
      name: 'vfio',
      priority: 0,
      regionAdd: ({ start, size }) =>
        refuse ? [{ iova: start, size, code: 'limit', reason: 'the host is full' }] : undefined,
    }
    phb.dma.register(listener)
    refuse = true

    machine.reset()

    expect(phb.windows.active).toEqual([])
    expect(machine.guestErrors.last).toMatchObject({ code: 'spapr.window-refused', device: phb })
    refuse = false
    machine.reset()
    expect(phb.windows.active).toHaveLength(1)
  })

  it('does not hide what else goes wrong in a reset', () => {
    const { machine, phb } = build()
    let broken = false
    const regionAdd = (): undefined => {
      if (broken) throw new Error('the listener is broken')
    }
    phb.dma.register({ name: 'broken', priority: 0, regionAdd })
    broken = true

    expect(() => machine.reset()).toThrowError('the listener is broken')
    expect(machine.guestErrors.total).toBe(0)
  })

  it('shows what is mapped to a listener that comes late, ascending (section 8 vectors 7, 9)', () => {
    const { phb } = build()
    phb.hypercalls.putTce(0x80000000, 0x9000n, 0x30001n)
    phb.hypercalls.putTce(0x80000000, 0x1234n, 0x20003n)
    const log: LogEntry[] = []

    phb.dma.register(new VfioLikeListener(log))
    phb.hypercalls.putTce(0x80000000, 0x1000n, 0n)

    expect(log).toEqual([
      ['window-add', '0x0', '0x40000000'],
      ['map', '0x1000', '0x20000', '0x1000', 3],
      ['map', '0x9000', '0x30000', '0x1000', 1],
      ['unmap', '0x1000', '0x1000'],
    ])
  })

  it('leaves nothing in the machine when it is unplugged, and can be plugged into another (PH-8)', () => {
    const { machine, phb } = build()
    const engine = phb.plug('00:01.0', new DmaEngine())
    const { window } = phb

    machine.unplug(phb)

    expect([engine.slot, engine.machine]).toEqual([undefined, undefined])
    expect(machine.memory.spaces.map(({ name }) => name)).toEqual(['memory'])
    expect([...phb.hypercalls.tables]).toEqual([])
    expect(() => window.put(0n, { to: 0n, access: 'rw' })).toThrowError(/'tce-0x80000000', which has no window/)
    expect(() => phb.window).toThrowError(/'phb0' has no bus and no windows: plug it into a machine first/)
    const second = new Machine('second')
    second.plug(phb)
    expect(phb.plug('00:01.0', engine).machine).toBe(second)
  })

  it('tells listeners that its windows go before it lets go of the address space (PH-8)', () => {
    const { machine, phb } = build()
    const { dma } = phb
    const log: LogEntry[] = []
    const listener = new VfioLikeListener(log)
    dma.register(listener)
    phb.onRelease(() => dma.unregister(listener))

    machine.unplug(phb)

    expect(log.at(-1)).toEqual(['window-del', '0x0', '0x40000000'])
    expect(machine.memory.listeners).toEqual([])
  })

  it('takes back its tables, the MSI window, listeners, and then its windows in system memory (PH-8)', () => {
    const { machine, phb } = build()
    phb.createWindow({ pageShift: 16, windowShift: 20 })
    const order: string[] = []
    const listener = (name: string): MemoryListener => ({
      name,
      priority: 0,
      regionDel: ({ start }) => void order.push(`${name} ${start.toString(16)}`),
    })
    phb.dma.register(listener('dma'))
    phb.addresses.memory.add(ram('bar', 1n * MiB), 0x8000_0000n)
    machine.space.register(listener('memory'))
    const { root } = phb.dma

    machine.unplug(phb)

    expect(root.children.map(({ name }) => name)).not.toContain('phb0-msi')
    expect(order).toEqual(['dma 0', 'dma 800000000000000', 'dma 40000000000', 'memory 200080000000'])
    expect(machine.memory.listeners.map(({ name }) => name)).toEqual(['memory'])
    expect(machine.memory.spaces.map(({ name }) => name)).toEqual(['memory'])
  })

  it('offers pages that a TCE table can have (PH-6)', () => {
    expect(() => new SpaprHostBridge({ index: 0, pageShifts: [12, 13] })).toThrowError(
      "'phb0' cannot offer pages of 2^13 bytes: a page shift is one of 12, 16, 21, 24",
    )
  })

  it('is not plugged, and leaves nothing, where it cannot have its windows', () => {
    const machine = new Machine('pseries')
    const phb = new SpaprHostBridge({ index: 0, window: { size: 2n ** 44n } })

    expect(() => machine.plug(phb)).toThrowError(/4294967296 entries/)

    expect([phb.machine, machine.memory.spaces.length, [...phb.hypercalls.tables]]).toEqual([undefined, 1, []])
  })

  it('comes back from a saved state with its windows and all that is mapped, and listeners see it (TC-12)', () => {
    const { machine, phb } = build()
    const window64 = phb.createWindow({ pageShift: 24, windowShift: 34 })
    phb.window.put(0x1000n, { to: 0x5000n, access: 'r' })
    phb.hypercalls.putTce(0x80000000, 0x3ffff000n, 0x200080000000n)
    window64.put(0x800000001000000n, { to: 0x2000000n, access: 'rw' })
    const state = machine.save()
    const copy = build()
    copy.phb.window.put(0x9000n, { to: 0x5000n, access: 'r' })
    const log: LogEntry[] = []
    copy.phb.dma.register(new VfioLikeListener(log))
    log.length = 0

    copy.machine.restore(state)

    expect(log).toEqual([
      ['window-del', '0x0', '0x40000000'],
      ['window-add', '0x0', '0x40000000'],
      ['map', '0x1000', '0x5000', '0x1000', 1],
      ['window-add', '0x800000000000000', '0x400000000'],
      ['map', '0x800000001000000', '0x2000000', '0x1000000', 3],
    ])
    expect(copy.phb.hypercalls.getTce(0x80000000, 0x3ffff000n).tce).toBe(0x200080000000n)
    expect(copy.phb.window.isDefault).toBe(true)
  })

  it('takes no state of a bridge with other windows', () => {
    const { machine } = build()
    const state = machine.save()
    const other = new Machine('pseries')
    other.plug(new SpaprHostBridge({ index: 0, dynamicWindows: false }))

    expect(() => other.restore(state)).toThrowError(/'phb0' has 1 windows and the state 2/)
  })
})
