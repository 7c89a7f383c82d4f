import type { MemoryListener } from '@hostbridge/core/memory'
import { RtasToken, SpaprHostBridge } from '@hostbridge/devices/spapr'
import { describe, expect, it } from 'vitest'
import { buidOf, firmwareScene, Status } from './firmware-scene.ts'

const { queryDmaWindow, createDmaWindow, removeDmaWindow, resetDmaWindow } = RtasToken
const WRONG = [Status.parameter]
const FAILED = [Status.hardware]

function build(options: Parameters<typeof firmwareScene>[0] = {}) {
  const scene = firmwareScene(options)
  const { phb, call } = scene
  const buid = buidOf(phb)
  return {
    ...scene,
    query: (results = 5) => call(queryDmaWindow, [0, ...buid], results).results,
    create: (pageShift: number, windowShift: number) => {
      return call(createDmaWindow, [0, ...buid, pageShift, windowShift], 4).results
    },
    remove: (liobn: number) => call(removeDmaWindow, [liobn], 1).results,
    reset: () => call(resetDmaWindow, [0, ...buid], 1).results,
    open: () => phb.windows.active.map(({ liobn, window }) => [liobn, window?.busOffset, window?.entries]),
  }
}

const DEFAULT = [0x80000000, 0n, 0x40000]

describe('ibm,query-pe-dma-window', () => {
  it('tells the free windows, the largest block and the pages, in 5 cells or in 6 (DW-1, DW-2)', () => {
    const { create, query } = build()

    const before = [query(5), query(6)]
    create(16, 20)

    expect(before).toEqual([
      [0, 1, 0x8000_0000, 0x107, 0],
      [0, 1, 0x20, 0, 0x107, 0],
    ])
    expect(query(5)).toEqual([0, 0, 0x8000_0000, 0x107, 0])
  })

  it.each([
    [[12], 0x1],
    [[16], 0x2],
    [[24], 0x4],
    [[21], 0x100],
    [[12, 24], 0x5],
  ])('tells pages of 2^%j bytes as %i (DW-2)', (pageShifts, bits) => {
    const { query } = build({ pageShifts })

    expect(query()[3]).toBe(bits)
  })

  it('is a parameter error of any other count (DW-1)', () => {
    const { call, phb, query } = build()

    const counts = [query(4), query(7), call(queryDmaWindow, [0, ...buidOf(phb), 0], 5).results]

    expect([...counts, call(queryDmaWindow, [0, 0], 5).results]).toEqual(new Array(4).fill(WRONG))
  })
})

describe('ibm,create-pe-dma-window', () => {
  it('answers number and address of the new window (DW-3, DW-4, section 8 vector 8)', () => {
    const { create, open } = build()

    expect(create(16, 30)).toEqual([0, 0x80000001, 0x0800_0000, 0])
    expect(open()).toEqual([DEFAULT, [0x80000001, 0x800000000000000n, 16384]])
  })

  it('refuses pages that are not offered and windows below a page with -3, and a third window with -1 (DW-3)', () => {
    const { create } = build({ pageShifts: [12, 16] })

    expect([create(24, 30), create(13, 30), create(0, 30), create(16, 15), create(12, 0)]).toEqual(
      new Array(5).fill(WRONG),
    )
    expect([create(16, 16)[0], create(12, 30), create(24, 30)]).toEqual([0, FAILED, WRONG])
  })

  it('refuses a window of 2^32 pages as often as it is asked, and opens a smaller one then (DW-5)', () => {
    const { create, open } = build()

    const refused = [44, 55, 64, 0xffff_ffff].flatMap((shift) => [create(12, shift), create(12, shift)])

    expect(refused).toEqual(new Array(8).fill(FAILED))
    expect(open()).toEqual([DEFAULT])
    expect(create(12, 43)[0]).toBe(0)
    expect(open()[1]).toEqual([0x80000001, 0x800000000000000n, 2 ** 31])
  })

  it('opens at the default address where no window is open (DW-4)', () => {
    const { create, open, remove } = build({ window: { start: 0x4000_0000n } })
    remove(0x80000000)

    expect(create(16, 20)).toEqual([0, 0x80000000, 0, 0x4000_0000])
    expect(create(16, 20)).toEqual([0, 0x80000001, 0x0800_0000, 0])
    expect(open()).toHaveLength(2)
  })

  it('answers -1, with a guest error, where a listener cannot take the window; nothing has changed then', () => {
    const { create, machine, open, phb } = build()
    const regionAdd: MemoryListener['regionAdd'] = ({ start, size }) =>
      start > 2n ** 50n ? [{ iova: start, size, code: 'iova-range', reason: 'beyond the host' }] : undefined
    phb.dma.register({ name: 'vfio', priority: 0, regionAdd })

    const answer = create(16, 20)

    expect(answer).toEqual(FAILED)
    expect(open()).toEqual([DEFAULT])
    expect(machine.guestErrors.last).toMatchObject({ code: 'spapr.window-refused' })
    expect(machine.guestErrors.last?.message).toMatch(/^ibm,create-pe-dma-window: .*\n.*beyond the host/)
  })

  it('does not hide what else goes wrong', () => {
    const { create, phb } = build()
    let broken = false
    const regionAdd = (): undefined => {
      if (broken) throw new Error('the listener is broken')
    }
    phb.dma.register({ name: 'broken', priority: 0, regionAdd })
    broken = true

    expect(() => create(16, 20)).toThrowError('the listener is broken')
  })
})

describe('ibm,remove-pe-dma-window', () => {
  it('closes a window, and brings the default one back where the last one was another (DW-7)', () => {
    const { create, open, remove } = build()
    create(16, 20)

    const answers = [remove(0x80000000), remove(0x80000001)]

    expect(answers).toEqual([[0], [0]])
    expect(open()).toEqual([DEFAULT])
  })

  it('leaves none where the last one was the default (DW-7)', () => {
    const { open, remove } = build()

    expect([remove(0x80000000), open()]).toEqual([[0], []])
  })

  it('is a parameter error for unknown and closed windows, also of other devices (DW-7)', () => {
    const { call, remove } = build()

    expect([remove(0x80000001), remove(0x80000100), remove(0), remove(0xffff_ffff)]).toEqual(new Array(4).fill(WRONG))
    expect(call(removeDmaWindow, [0x80000000, 0], 1).results).toEqual(WRONG)
    expect(call(removeDmaWindow, [0x80000000], 2).results).toEqual(WRONG)
  })
})

describe('ibm,reset-pe-dma-window', () => {
  it('closes all windows and opens the default one, empty (DW-8)', () => {
    const { create, open, phb, reset } = build()
    create(16, 20)
    phb.window.put(0x1000n, { to: 0x2000n, access: 'rw' })

    expect(reset()).toEqual([0])
    expect([open(), phb.window.entryAt(1)]).toEqual([[DEFAULT], 0n])
  })

  it('answers -1 where a listener cannot take the default window', () => {
    const { machine, open, phb, reset } = build()
    let full = false
    const regionAdd: MemoryListener['regionAdd'] = ({ start, size }) =>
      full ? [{ iova: start, size, code: 'limit', reason: 'the host is full' }] : undefined
    phb.dma.register({ name: 'vfio', priority: 0, regionAdd })
    full = true

    expect([reset(), open()]).toEqual([FAILED, []])
    expect(machine.guestErrors.last?.message).toMatch(/^ibm,reset-pe-dma-window: /)
  })
})

describe('the calls for DMA windows', () => {
  it('are parameter errors for unknown bridges, and for one without dynamic windows (DW-1, DW-3, DW-7, DW-8, RT-5)', () => {
    const one = build()
    const [high, low] = buidOf(one.phb)
    const unknown = [high, low + 1]
    const without = build({ dynamicWindows: false })

    const answers = [
      one.call(queryDmaWindow, [0, ...unknown], 5).results,
      one.call(createDmaWindow, [0, ...unknown, 16, 20], 4).results,
      one.call(resetDmaWindow, [0, ...unknown], 1).results,
      without.query(),
      without.create(16, 20),
      without.remove(0x80000000),
      without.reset(),
    ]

    expect(answers).toEqual(new Array(7).fill(WRONG))
    expect(without.open()).toEqual([DEFAULT])
  })

  it.each([
    [createDmaWindow, 5, 4],
    [resetDmaWindow, 3, 1],
  ])('by token %i take %i arguments and return %i cells (DW-3, DW-8)', (token, args, results) => {
    const { call, open, phb } = build()
    const right = [0, ...buidOf(phb), 16, 20, 0]

    expect(call(token, right.slice(0, args - 1), results).results).toEqual(WRONG)
    expect(call(token, right.slice(0, args + 1), results).results).toEqual(WRONG)
    expect(call(token, right.slice(0, args), results + 1).results).toEqual(WRONG)
    expect(open()).toEqual([DEFAULT])
  })

  it('are about the windows of the bridge that they name, of several', () => {
    const first = build()
    const second = first.machine.plug(new SpaprHostBridge({ index: 1, hypercalls: first.phb.hypercalls }))

    const answer = first.call(createDmaWindow, [0, ...buidOf(second), 16, 20], 4).results

    expect(answer).toEqual([0, 0x80000101, 0x0800_0000, 0])
    expect([first.query()[1], first.remove(0x80000101), second.windows.active.length]).toEqual([1, [0], 1])
  })
})
