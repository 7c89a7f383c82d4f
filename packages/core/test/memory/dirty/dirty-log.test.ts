import { describe, expect, test } from 'vitest'
import {
  alias,
  container,
  DirtyClient,
  IommuRegion,
  type MemoryListener,
  MemorySystem,
  mmio,
  ram,
  ramDevice,
  romDevice,
  setLogging,
  TrackingReason,
} from '../../../src/memory/index.ts'
import { LoggingListener } from './logging-listener.ts'

const PAGE = 4096n

/** 256 pages of RAM at page 16, pages 8 to 11 of them again at page 0, and a listener. */
function scene() {
  const system = new MemorySystem('machine')
  const root = container('root')
  const memory = ram('R', 256n * PAGE)
  root.add(memory, 16n * PAGE)
  root.add(alias('low', memory, { offset: 8n * PAGE, size: 4n * PAGE }), 0n)
  const space = system.createSpace('memory', root)
  const log: string[] = []
  space.register(new LoggingListener('L', log))
  return { system, root, memory, space, log, dirtyLog: system.dirtyLog }
}

describe('the mask of a region', () => {
  const ops = { read: () => 0, write: () => undefined }
  const regions = {
    ram: ram('ram', PAGE),
    'ram that does not migrate': ram('own', PAGE, { migratable: false }),
    'a ROM device': romDevice('flash', PAGE, ops),
    'a RAM device': ramDevice('bar', PAGE),
    'an IOMMU': new IommuRegion('iommu', PAGE, { translate: () => undefined }),
    registers: mmio('registers', PAGE, ops),
  }
  const system = new MemorySystem('machine')
  const root = container('root')
  for (const [index, region] of Object.values(regions).entries()) root.add(region, BigInt(index) * PAGE)
  system.createSpace('memory', root)
  const masks = () => Object.values(regions).map((region) => region.dirtyMask)

  test('is migration of what migrates and of IOMMUs under global tracking, code of what has RAM for translators (DL-1)', () => {
    const none = masks()
    system.dirtyLog.tracking.start(TrackingReason.dirtyRate)
    const tracked = masks()
    system.dirtyLog.setTranslating(true)
    const both = masks()
    system.dirtyLog.tracking.stop(TrackingReason.dirtyRate)
    const translated = masks()

    expect(none).toEqual([0, 0, 0, 0, 0, 0])
    expect(tracked).toEqual([4, 0, 4, 0, 4, 0])
    expect(both).toEqual([6, 2, 6, 2, 4, 0])
    expect(translated).toEqual([2, 2, 2, 2, 0, 0])
  })
})

describe('DirtyLog', () => {
  test('has writes marked while somebody logs, wherever they come through (DL-4, RW-6)', () => {
    const { memory, space, dirtyLog } = scene()
    dirtyLog.tracking.start(TrackingReason.migration)
    dirtyLog.snapshot(memory, 0n, memory.size, DirtyClient.migration)

    space.write(18n * PAGE - 1n, Uint8Array.of(1, 2))
    space.write(PAGE, Uint8Array.of(3))
    space.read(100n * PAGE, new Uint8Array(4))

    const { migration, vga } = DirtyClient
    const pages = [...dirtyLog.snapshot(memory, 0n, memory.size, migration).runs()]
    expect(pages).toEqual([
      { first: 1, last: 2 },
      { first: 9, last: 9 },
    ])
    expect(memory.dirty.bits(vga).all(0, 255)).toBe(true)
  })

  test('marks nothing while nobody logs (DL-4)', () => {
    const { memory, space, dirtyLog } = scene()
    dirtyLog.snapshot(memory, 0n, memory.size, DirtyClient.vga)

    space.write(20n * PAGE, Uint8Array.of(1))

    expect(memory.dirty.bits(DirtyClient.vga).any(0, 255)).toBe(false)
  })

  test('syncs each section that is logged, of one region if told (DL-8)', () => {
    const { system, root, memory, log, dirtyLog } = scene()
    const video = ram('V', 2n * PAGE)
    root.add(video, 400n * PAGE)
    setLogging(video, true)
    log.length = 0

    dirtyLog.sync()
    const ofVideo = log.splice(0)
    system.dirtyLog.tracking.start(TrackingReason.migration)
    log.length = 0
    dirtyLog.sync(memory)

    expect(ofVideo).toEqual(['L sync V[400..402) @0'])
    expect(log).toEqual(['L sync R[0..4) @8', 'L sync R[16..272) @0'])
  })

  test('syncs a listener that syncs all at once with one call, and says whether it is the last (DL-8)', () => {
    const { space, dirtyLog } = scene()
    const stages: boolean[] = []
    const whole: MemoryListener = { name: 'W', priority: 5, logSyncGlobal: (isLast) => void stages.push(isLast) }
    space.register(whole)

    dirtyLog.sync()
    dirtyLog.sync(undefined, true)

    expect(stages).toEqual([false, true])
  })

  test('refuses a listener that would be synced in both ways (LR-1)', () => {
    const { space } = scene()
    const both: MemoryListener = { name: 'B', priority: 0, logSync: () => undefined, logSyncGlobal: () => undefined }

    expect(() => space.register(both)).toThrow("'B' cannot listen to 'memory' with both logSync and logSyncGlobal")
  })

  test('takes a snapshot: sync, copy and clear by groups of 64, clear exactly, after sync (DL-5)', () => {
    const { memory, log, dirtyLog } = scene()
    dirtyLog.tracking.start(TrackingReason.migration)
    log.length = 0

    const shot = dirtyLog.snapshot(memory, 9n * PAGE, 61n * PAGE, DirtyClient.migration)

    expect(log).toEqual([
      ...['L sync R[0..4) @8', 'L sync R[16..272) @0'],
      ...['L clear R[1..4) @9', 'L clear R[25..86) @9'],
      'L after sync',
    ])
    expect(shot.isDirty(9n * PAGE, 61n * PAGE)).toBe(true)
    expect([...memory.dirty.bits(DirtyClient.migration).runs(0, 255)]).toEqual([{ first: 128, last: 255 }])
  })

  test('reads the bits only after the listeners have brought in theirs (DL-5)', () => {
    const { memory, space, dirtyLog } = scene()
    dirtyLog.tracking.start(TrackingReason.migration)
    dirtyLog.snapshot(memory, 0n, memory.size, DirtyClient.migration)
    const bringing = () => void dirtyLog.importBitmap(memory, 64n * PAGE, Uint8Array.of(1))
    space.register({ name: 'host', priority: 1, logSyncGlobal: bringing })

    const shot = dirtyLog.snapshot(memory, 0n, memory.size, DirtyClient.migration)

    expect([...shot.runs()]).toEqual([{ first: 64, last: 64 }])
  })

  test('tests and clears pages, and says so to those who log their sections (DL-7)', () => {
    const { memory, log, dirtyLog } = scene()
    dirtyLog.tracking.start(TrackingReason.migration)
    log.length = 0

    const answers = [0n, 0x1001n, 0x1001n].map((size) =>
      dirtyLog.testAndClear(memory, 9n * PAGE + 5n, size, DirtyClient.vga),
    )

    expect(answers).toEqual([false, true, false])
    expect(log.slice(0, 2)).toEqual(['L clear R[1..3) @9', 'L clear R[25..27) @9'])
    expect(log).toHaveLength(4)
  })

  test('tells nobody of cleared pages whose section is not logged (DL-7)', () => {
    const { memory, log, dirtyLog } = scene()

    dirtyLog.testAndClear(memory, 0n, memory.size, DirtyClient.vga)

    expect(log).toEqual([])
  })

  test.each([
    [0n, 257n * PAGE],
    [256n * PAGE, 1n],
    [-1n, 2n],
  ])('throws for pages that are not in the region: %o, %o bytes (DL-7)', (offset, size) => {
    const { memory, dirtyLog } = scene()

    expect(() => dirtyLog.testAndClear(memory, offset, size, 1)).toThrow(
      "does not lie in 'R', which has 0x100000 bytes",
    )
    expect(() => dirtyLog.snapshot(memory, offset, size, 1)).toThrow(
      expect.objectContaining({ code: 'memory.dirty-range' }),
    )
  })

  test.each([
    [false, false, [true, false, false]],
    [true, false, [true, false, true]],
    [true, true, [true, true, true]],
  ])('imports for VGA, for migration while tracking is %s, for code while translating is %s (DL-11)', (...row) => {
    const [isTracking, isTranslating, expected] = row
    const { memory, dirtyLog } = scene()
    memory.dirty.clearRange(0, 255, DirtyClient.all)
    if (isTracking) dirtyLog.tracking.start(TrackingReason.migration)
    dirtyLog.setTranslating(isTranslating)

    const count = dirtyLog.importBitmap(memory, 8n * PAGE, Uint8Array.of(0b11), 0x2000)

    const marked = ([1, 2, 4] as const).map((client) => memory.dirty.bits(client).all(8, 11))
    expect([count, marked]).toEqual([2, expected])
  })

  test('has what is loaded into a ROM device marked, and all of it after a resize (DL-3, DL-4)', () => {
    const { root, space, dirtyLog } = scene()
    const flash = romDevice('flash', 4n * PAGE, { read: () => 0, write: () => undefined })
    root.add(flash, 400n * PAGE)
    dirtyLog.tracking.start(TrackingReason.migration)
    dirtyLog.snapshot(flash, 0n, flash.size, DirtyClient.migration)

    space.writeRom(402n * PAGE, Uint8Array.of(1))
    const loaded = [...dirtyLog.snapshot(flash, 0n, flash.size, DirtyClient.migration).runs()]
    flash.setSize(3n * PAGE)

    expect(loaded).toEqual([{ first: 2, last: 2 }])
    expect(flash.dirty.bits(DirtyClient.migration).all(0, 2)).toBe(true)
  })

  test('has all of a region dirty again that gets another size (DL-3)', () => {
    const { memory } = scene()
    memory.dirty.clearRange(0, 255, DirtyClient.all)

    memory.setSize(200n * PAGE)

    expect([memory.dirty.pages, memory.dirty.bits(DirtyClient.vga).all(0, 199)]).toEqual([200, true])
  })
})
