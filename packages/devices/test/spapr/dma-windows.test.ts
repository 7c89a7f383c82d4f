import { GiB } from '@hostbridge/core/address'
import { Machine } from '@hostbridge/core/machine'
import { MappingRefusedError, type MemoryListener } from '@hostbridge/core/memory'
import { type DmaWindows, SpaprHostBridge, WindowStatus } from '@hostbridge/devices/spapr'
import { describe, expect, it } from 'vitest'
import { type LogEntry, VfioLikeListener } from './vfio-like-listener.ts'

const START_64 = 0x800000000000000n

function build(options: { dynamicWindows?: boolean } = {}): { phb: SpaprHostBridge; windows: DmaWindows } {
  const phb = new Machine('pseries').plug(new SpaprHostBridge({ index: 0, ...options }))
  return { phb, windows: phb.windows }
}

function open(windows: DmaWindows): unknown[] {
  return windows.active.map(({ liobn, window }) => [liobn, window?.busOffset, window?.pageShift, window?.entries])
}

describe('the DMA windows of a host bridge', () => {
  it('are the default one alone at first: 1 GiB in pages of 4 KiB from 0 (PH-6, PH-7)', () => {
    const { windows } = build()

    expect(open(windows)).toEqual([[0x80000000, 0n, 12, 262144]])
    expect(windows.tables[0].isDefault).toBe(true)
  })

  it('come in the page sizes that the bridge offers, of at least one page (DW-3)', () => {
    const { windows } = build()
    const statusOf = (pageShift: number, windowShift: number): number | undefined =>
      windows.refusalOf({ pageShift, windowShift })?.status

    expect([statusOf(13, 30), statusOf(25, 30), statusOf(16, 15), statusOf(12, Number.NaN)]).toEqual(
      new Array(4).fill(WindowStatus.parameter),
    )
    expect([12, 16, 21, 24].map((shift) => statusOf(shift, shift))).toEqual(new Array(4).fill(undefined))
  })

  it('are made beside the default one from 0x800000000000000 on, until all are in use (DW-3, DW-4)', () => {
    const { phb, windows } = build()

    const table = phb.createWindow({ pageShift: 16, windowShift: 30 })

    expect(table).toBe(phb.window64)
    expect(open(windows)).toEqual([
      [0x80000000, 0n, 12, 262144],
      [0x80000001, START_64, 16, 16384],
    ])
    expect(windows.refusalOf({ pageShift: 16, windowShift: 30 })?.status).toBe(WindowStatus.hardware)
    expect(() => phb.createWindow({ pageShift: 16, windowShift: 30 })).toThrowError(/all 2 windows are in use/)
  })

  it('are made at the default address where none is open, so that a second one hides nothing there (DW-4)', () => {
    const { windows } = build()
    windows.close()

    windows.create({ pageShift: 16, windowShift: 20 })
    windows.create({ pageShift: 12, windowShift: 20 })

    expect(open(windows)).toEqual([
      [0x80000000, 0n, 16, 16],
      [0x80000001, START_64, 12, 256],
    ])
  })

  it('may land on the address of one that is there: created, default removed, created again (DW-4)', () => {
    const { phb, windows } = build()

    phb.createWindow({ pageShift: 16, windowShift: 20 })
    phb.removeWindow(phb.window)
    phb.createWindow({ pageShift: 12, windowShift: 20 })

    expect(open(windows)).toEqual([
      [0x80000000, START_64, 12, 256],
      [0x80000001, START_64, 16, 16],
    ])
  })

  it('of 2^32 pages and more are refused before anything has changed, as often as a guest asks (DW-5)', () => {
    const { phb, windows } = build()

    for (const windowShift of [44, 63, 64, 0xffffffff]) {
      expect(windows.refusalOf({ pageShift: 12, windowShift })?.status).toBe(WindowStatus.hardware)
      expect(() => phb.createWindow({ pageShift: 12, windowShift })).toThrowError(/at most 4294967295 pages/)
    }

    expect(open(windows)).toHaveLength(1)
    expect(phb.createWindow({ pageShift: 12, windowShift: 43 }).entries).toBe(2 ** 31)
  })

  it('are as large as their composer lets a guest have them', () => {
    const phb = new Machine('pseries').plug(new SpaprHostBridge({ index: 0, maxWindowEntries: 2 ** 20 }))
    const statusOf = (windowShift: number): number | undefined =>
      phb.windows.refusalOf({ pageShift: 12, windowShift })?.status

    expect([statusOf(33), statusOf(32)]).toEqual([WindowStatus.hardware, undefined])
  })

  it('tell listeners of a new, empty window (DW-6, section 8 vector 8)', () => {
    const { phb } = build()
    const log: LogEntry[] = []
    phb.dma.register(new VfioLikeListener(log))

    phb.createWindow({ pageShift: 16, windowShift: 30 })

    expect(log).toEqual([
      ['window-add', '0x0', '0x40000000'],
      ['window-add', '0x800000000000000', '0x40000000'],
    ])
  })

  it('bring the default one back when the last one goes and was another (DW-7)', () => {
    const { phb, windows } = build()
    phb.createWindow({ pageShift: 16, windowShift: 20 })

    windows.remove(0x80000000)
    const withoutDefault = open(windows)
    windows.remove(0x80000001)

    expect(withoutDefault).toEqual([[0x80000001, START_64, 16, 16]])
    expect(open(windows)).toEqual([[0x80000000, 0n, 12, 262144]])
  })

  it('stay closed when the last one counts as the default, which a later window of its table does too (DW-7, TC-6)', () => {
    const { windows } = build()
    windows.remove(0x80000000)
    const closed = open(windows)
    windows.create({ pageShift: 16, windowShift: 20 })

    windows.remove(0x80000000)

    expect([closed, open(windows)]).toEqual([[], []])
  })

  it('are removed only while they are open (DW-7)', () => {
    const { windows } = build()

    expect(() => windows.remove(0x80000001)).toThrowError(
      /no window of LIOBN 0x80000001 is open here: open are 0x80000000/,
    )
  })

  it('are back at the default one, empty, after a reset, each step seen by listeners (PH-7, DW-8)', () => {
    const { phb, windows } = build()
    phb.createWindow({ pageShift: 16, windowShift: 20 })
    phb.window.put(0x1000n, { to: 0x2000n, access: 'rw' })
    const log: LogEntry[] = []
    phb.dma.register(new VfioLikeListener(log))
    log.length = 0

    windows.reset()

    expect(log).toEqual([
      ['window-del', '0x0', '0x40000000'],
      ['window-del', '0x800000000000000', '0x100000'],
      ['window-add', '0x0', '0x40000000'],
    ])
    expect([open(windows).length, phb.window.entryAt(1)]).toEqual([1, 0n])
  })

  it('are as before when a listener refuses a new one', () => {
    const { phb, windows } = build()
    const listener: MemoryListener = {
      name: 'vfio',
      priority: 0,
      regionAdd: ({ start, size }) =>
        start === START_64 ? [{ iova: start, size, code: 'iova-range', reason: 'beyond the host' }] : undefined,
    }
    phb.dma.register(listener)

    expect(() => phb.createWindow({ pageShift: 16, windowShift: 20 })).toThrowError(MappingRefusedError)

    expect(open(windows)).toEqual([[0x80000000, 0n, 12, 262144]])
    expect(phb.dma.find(START_64)).toBeUndefined()
  })

  it('are the default one and no other without dynamic windows (PH-4)', () => {
    const { phb, windows } = build({ dynamicWindows: false })

    expect(windows.tables).toHaveLength(1)
    expect(windows.refusalOf({ pageShift: 12, windowShift: 20 })?.status).toBe(WindowStatus.hardware)
    expect([phb.window64, phb.window.window?.entries]).toEqual([undefined, Number(GiB / 4096n)])
  })
})
