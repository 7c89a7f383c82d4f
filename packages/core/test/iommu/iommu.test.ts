import { describe, expect, test } from 'vitest'
import { mapEvent, NotifierFlag, PageTableIommu, unmapEvent } from '../../src/iommu/index.ts'
import { makeIommu, makeTarget, record, refusal } from './make-iommu.ts'

describe('Iommu', () => {
  test('makes the region that devices meet it in', () => {
    const iommu = new PageTableIommu({ name: 'window', size: 0x10000n, target: makeTarget() })

    expect([iommu.region.name, iommu.region.size, iommu.region.kind]).toEqual(['window', 0x10000n, 'iommu'])
    expect(iommu.region.translator).toBe(iommu)
    expect(iommu.name).toBe('window')
  })

  test('tells a notifier nothing of what is mapped already when it registers (NR-7)', () => {
    const iommu = makeIommu()
    iommu.store({ iova: 0n, size: 4096n, to: 0n, access: 'rw' })
    const { notifier, log } = record()

    iommu.register(notifier)

    expect(log).toEqual([])
  })

  test('registers with replay: what is mapped first, then every change', () => {
    const iommu = makeIommu()
    iommu.store({ iova: 0n, size: 4096n, to: 0n, access: 'rw' })
    const { notifier, log } = record()

    const result = iommu.registerWithReplay(notifier)
    iommu.map({ iova: 0x1000n, size: 4096n, to: 0n, access: 'r' })

    expect(result).toEqual({ events: 1, bytes: 4096n, failures: [] })
    expect(log).toEqual(['map 0x0+0x1000 -> 0x0 rw', 'map 0x1000+0x1000 -> 0x0 r'])
  })

  test('keeps a notifier registered that has refused in its replay', () => {
    const iommu = makeIommu()
    iommu.store({ iova: 0n, size: 4096n, to: 0n, access: 'rw' })
    const { notifier, log } = record({ notify: (event) => (event.type === 'map' ? refusal('limit') : undefined) })

    const { failures } = iommu.registerWithReplay(notifier)
    iommu.unmap({ iova: 0n, size: 4096n })

    expect(failures).toEqual(refusal('limit'))
    expect(log).toHaveLength(2)
  })

  test('replays to a notifier that is not registered, and to nobody else (RP-9, VI-17)', () => {
    const iommu = makeIommu()
    iommu.store({ iova: 0n, size: 4096n, to: 0n, access: 'rw' })
    const [registered, loose] = [record(), record()]
    iommu.register(registered.notifier)

    iommu.replay(loose.notifier)

    expect([registered.log, loose.log]).toEqual([[], ['map 0x0+0x1000 -> 0x0 rw']])
  })

  test('tells of events without changing anything, newest notifier first (ND-2)', () => {
    const iommu = makeIommu()
    const log: string[] = []
    for (const name of ['old', 'new']) iommu.register(record({ name }, log).notifier)

    iommu.notify(mapEvent(0, 1, 7, 1, 12))
    iommu.notify([unmapEvent(0, 1), mapEvent(0, 1, 8, 1, 12)])

    expect(log).toEqual([
      'new: map 0x0+0x1000 -> 0x7000 r',
      'old: map 0x0+0x1000 -> 0x7000 r',
      'new: unmap 0x0+0x1000',
      'old: unmap 0x0+0x1000',
      'new: map 0x0+0x1000 -> 0x8000 r',
      'old: map 0x0+0x1000 -> 0x8000 r',
    ])
    expect(iommu.table.entries).toBe(0)
  })

  test('returns a refusal after those told before have been told back', () => {
    const iommu = makeIommu()
    const log: string[] = []
    iommu.register(record({ name: 'host', notify: () => refusal('page-size') }, log).notifier)
    iommu.register(record({ name: 'first' }, log).notifier)

    const refused = iommu.notify(mapEvent(0, 1, 7, 1, 12), unmapEvent(0, 1))

    expect(refused).toEqual(refusal('page-size'))
    expect(log).toEqual([
      'first: map 0x0+0x1000 -> 0x7000 r',
      'host: map 0x0+0x1000 -> 0x7000 r',
      'first: unmap 0x0+0x1000',
    ])
  })

  test('unmaps exactly the range of one notifier (ND-7)', () => {
    const iommu = makeIommu()
    const slice = record({ range: { start: 0x1001n, last: 0x7ffen } })
    const other = record()
    iommu.register(slice.notifier)
    iommu.register(other.notifier)

    iommu.notifyUnmapAll(slice.notifier)

    expect([slice.log, other.log]).toEqual([['unmap 0x1001+0x6ffe'], []])
  })

  test('lets a subclass refuse flags, and hears when they change (NR-4, NR-5)', () => {
    const changes: number[][] = []
    class Picky extends PageTableIommu {
      protected override notifierFlagsChanged(old: number, now: number): string | undefined {
        changes.push([old, now])
        return now & NotifierFlag.devIotlbUnmap ? 'there are no device IOTLBs' : undefined
      }
    }
    const iommu = new Picky({ target: makeTarget() })
    const [maps, ats] = [record({ flags: NotifierFlag.map }), record({ flags: NotifierFlag.devIotlbUnmap })]

    iommu.register(maps.notifier)
    const refusing = () => iommu.register(ats.notifier)

    expect(refusing).toThrow(expect.objectContaining({ code: 'iommu.notifier-refused' }))
    expect(iommu.notifierFlags).toBe(NotifierFlag.map)
    expect(changes).toEqual([
      [0, 2],
      [2, 6],
    ])
  })

  test('hears of its first notifier and of its last, and so can switch both ways (HI-3)', () => {
    const isFollowed: boolean[] = []
    class Switching extends PageTableIommu {
      protected override notifierFlagsChanged(_: number, now: number): undefined {
        isFollowed.push(now !== NotifierFlag.none)
      }
    }
    const iommu = new Switching({ target: makeTarget() })
    const [first, second] = [record(), record()]

    for (const { notifier } of [first, second]) iommu.register(notifier)
    for (const { notifier } of [first, second]) iommu.unregister(notifier)
    iommu.register(first.notifier)

    expect(isFollowed).toEqual([true, false, true])
  })

  test('has no notifiers and no flags at first (MR-13)', () => {
    const iommu = makeIommu()

    const refusal = iommu.notify(unmapEvent(0, 1))

    expect([iommu.notifierFlags, refusal]).toEqual([NotifierFlag.none, undefined])
  })

  test('throws for a notifier of a translation that it does not have (NR-2)', () => {
    const iommu = makeIommu()

    expect(() => iommu.register(record({ index: 1 }).notifier)).toThrow(
      expect.objectContaining({ code: 'iommu.notifier' }),
    )
  })

  test('announces nothing any more to who has unregistered', () => {
    const iommu = makeIommu()
    const { notifier, log } = record()
    iommu.register(notifier)

    iommu.unregister(notifier)
    iommu.unregister(notifier)
    iommu.map({ iova: 0n, size: 4096n, to: 0n, access: 'rw' })

    expect(log).toEqual([])
    expect(iommu.notifierFlags).toBe(NotifierFlag.none)
  })
})
