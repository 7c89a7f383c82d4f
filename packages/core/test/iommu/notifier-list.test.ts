import { describe, expect, test, vi } from 'vitest'
import { mapEvent, unmapEvent } from '../../src/iommu/event.ts'
import { NotifierFlag } from '../../src/iommu/notifier.ts'
import { NotifierList } from '../../src/iommu/notifier-list.ts'
import { type Recorder, record, refusal } from './make-iommu.ts'

/** A list with notifiers a, b, c, registered in this order, that share one log. */
function three(overrides: Record<string, Parameters<typeof record>[0]> = {}) {
  const log: string[] = []
  const list = new NotifierList('iommu')
  const make = (name: string): Recorder => record({ name, ...overrides[name] }, log)
  const [a, b, c] = [make('a'), make('b'), make('c')]
  for (const { notifier } of [a, b, c]) list.register(notifier)
  return { list, log, a: a.notifier, b: b.notifier, c: c.notifier }
}

const page = mapEvent(1, 1, 5, 3, 12)
const gone = unmapEvent(1, 1)

describe('NotifierList', () => {
  test('tells the newest first (NR-4, ND-2)', () => {
    const { list, log } = three()

    list.notify([gone])

    expect(log).toEqual(['c: unmap 0x1000+0x1000', 'b: unmap 0x1000+0x1000', 'a: unmap 0x1000+0x1000'])
  })

  test('tells only those who hear of the same translation (ND-2)', () => {
    const { list, log } = three({ b: { index: 1 } })
    const other = unmapEvent(7, 1)
    other.index = 1

    list.notify([gone])
    list.notify([other])

    expect(log).toEqual(['c: unmap 0x1000+0x1000', 'a: unmap 0x1000+0x1000', 'b: unmap 0x7000+0x1000'])
  })

  test('asks about the union of flags before it changes, and only when it changes (NR-4, NR-5)', () => {
    const asked: unknown[] = []
    const list: NotifierList = new NotifierList('iommu', (old, now) => {
      asked.push([old, now, list.flags])
      return undefined
    })
    const maps = [record({ flags: NotifierFlag.map }), record({ flags: NotifierFlag.map })] as const
    const unmaps = record({ flags: NotifierFlag.unmap })

    for (const { notifier } of [...maps, unmaps]) list.register(notifier)
    list.unregister(maps[0].notifier)
    list.unregister(maps[1].notifier)

    expect(asked).toEqual([
      [0, 2, 0],
      [2, 3, 2],
      [3, 1, 3],
    ])
    expect(list.flags).toBe(1)
  })

  test('takes a registration back when the IOMMU cannot serve it (NR-4)', () => {
    const list = new NotifierList('tce', (_, now) => (now & 4 ? 'it has no device IOTLBs' : undefined))
    const { notifier, log } = record({ name: 'ats', flags: NotifierFlag.devIotlbUnmap })

    expect(() => list.register(notifier)).toThrow(
      "'tce' refuses notifier 'ats' over [0x0, 0xffffffffffffffff]: it has no device IOTLBs",
    )
    list.notify([unmapEvent(0, 1, 'dev-iotlb-unmap')])

    expect([list.size, list.flags, list.has(notifier), log]).toEqual([0, 0, false, []])
  })

  test('keeps the old union when the IOMMU objects to an unregistration (NR-6)', () => {
    const list = new NotifierList('iommu', (old) => (old === 0 ? undefined : 'no way back'))
    const { notifier, log } = record()
    list.register(notifier)

    list.unregister(notifier)
    list.notify([gone])

    expect([list.size, list.flags, log]).toEqual([0, 3, []])
  })

  test('throws for a notifier that is registered already, naming where', () => {
    const { list, a } = three()
    const other = new NotifierList('other')

    expect(() => other.register(a)).toThrow("it is registered with 'iommu' already")
    expect(() => list.register(a)).toThrow(expect.objectContaining({ code: 'iommu.notifier-registered' }))
    expect(list.size).toBe(3)
  })

  test('leaves a notifier alone that another list has', () => {
    const { list, a } = three()

    new NotifierList('other').unregister(a)

    expect(list.has(a)).toBe(true)
  })

  test('does not tell a notifier that an earlier callback has unregistered (NR-8)', () => {
    const setup = three({ b: { notify: () => setup.list.unregister(setup.a) as undefined } })

    setup.list.notify([gone])

    expect(setup.log).toEqual(['c: unmap 0x1000+0x1000', 'b: unmap 0x1000+0x1000'])
    expect(setup.list.size).toBe(2)
  })

  test('goes on when a callback unregisters itself (NR-8)', () => {
    const setup = three({ b: { notify: () => setup.list.unregister(setup.b) as undefined } })

    setup.list.notify([gone])
    setup.list.notify([unmapEvent(2, 1)])

    expect(setup.log.map((line) => line[0])).toEqual(['c', 'b', 'a', 'c', 'a'])
  })

  test('tells a notifier that registers itself anew in its callback of the next event, not of this one again (NR-8)', () => {
    const setup = three({
      b: {
        notify: () => {
          setup.list.unregister(setup.b)
          setup.list.register(setup.b)
        },
      },
    })

    setup.list.notify([gone])
    setup.list.notify([gone])

    expect(setup.log.map((line) => line[0])).toEqual(['c', 'b', 'a', 'b', 'c', 'a'])
    expect(setup.list.size).toBe(3)
  })

  test('does not tell a notifier that a callback registers (NR-8)', () => {
    const late = record({ name: 'late' })
    const setup = three({
      c: { notify: () => void (setup.list.has(late.notifier) || setup.list.register(late.notifier)) as undefined },
    })

    setup.list.notify([gone])
    const first = [...late.log]
    setup.list.notify([gone])

    expect(first).toEqual([])
    expect(late.log).toHaveLength(1)
  })

  test('lends the event only: the next one is the same object (ND-9)', () => {
    const events = new Set<unknown>()
    const range = { start: 0x1000n, last: 0x1fffn }
    const { list } = three({
      a: { range, notify: (event) => void events.add(event) as undefined },
      b: { range, notify: (event) => void events.add(event) as undefined },
    })

    list.notify([unmapEvent(0, 4)])
    list.notify([unmapEvent(0, 5)])

    expect(events.size).toBe(1)
  })

  test('gives a callback that causes an event an event of its own', () => {
    let nested = false
    const seen: bigint[] = []
    const setup = three({
      c: {
        notify: (event) => {
          if (nested) return undefined
          nested = true
          setup.list.notify([unmapEvent(9, 1)])
          seen.push(event.iova)
          return undefined
        },
      },
    })

    setup.list.notify([gone])

    expect(seen).toEqual([0x1000n])
    expect(setup.log.at(-1)).toBe('a: unmap 0x1000+0x1000')
  })

  describe('when a notifier refuses', () => {
    test('tells those before it back, last first, and nobody after it', () => {
      const { list, log } = three({ a: { notify: () => refusal('limit') } })

      const refused = list.notify([page], [gone])

      expect(refused).toEqual(refusal('limit'))
      expect(log).toEqual([
        'c: map 0x1000+0x1000 -> 0x5000 rw',
        'b: map 0x1000+0x1000 -> 0x5000 rw',
        'a: map 0x1000+0x1000 -> 0x5000 rw',
        'b: unmap 0x1000+0x1000',
        'c: unmap 0x1000+0x1000',
      ])
    })

    test('tells nobody back who did not hear of the change', () => {
      const { list, log } = three({
        a: { notify: () => refusal('limit') },
        b: { flags: NotifierFlag.unmap },
        c: { range: { start: 0x8000n, last: 0xffffn } },
      })

      list.notify([page], [gone])

      expect(log).toEqual(['a: map 0x1000+0x1000 -> 0x5000 rw'])
    })

    test('tells it back too when it has accepted an earlier change or a part of this one', () => {
      const refuseFrame = (frame: number) => ({
        notify: (event: { frame: number; type: string }) =>
          event.frame === frame && event.type === 'map' ? refusal('page-size') : undefined,
      })
      const earlier = three({ b: refuseFrame(4) })
      const partly = three({ c: refuseFrame(1) })

      earlier.list.notify([page, mapEvent(4, 1, 0, 3, 12)], [unmapEvent(1, 4)])
      partly.list.notify([mapEvent(0, 3, 0, 3, 12)], [unmapEvent(0, 3)])

      expect(earlier.log.slice(-3)).toEqual([
        'a: unmap 0x1000+0x4000',
        'b: unmap 0x1000+0x4000',
        'c: unmap 0x1000+0x4000',
      ])
      expect(partly.log).toEqual([
        'c: map 0x0+0x1000 -> 0x0 rw',
        'c: map 0x1000+0x1000 -> 0x1000 rw',
        'c: unmap 0x0+0x3000',
      ])
    })

    test('tells nobody back who has unregistered meanwhile', () => {
      const setup = three({
        a: {
          notify: () => {
            setup.list.unregister(setup.c)
            return refusal('limit')
          },
        },
      })

      setup.list.notify([page], [gone])

      expect(setup.log.slice(-1)).toEqual(['b: unmap 0x1000+0x1000'])
    })

    test('adds what is refused of the way back', () => {
      const { list } = three({
        a: { notify: () => refusal('limit') },
        b: { notify: (event) => (event.type === 'unmap' ? refusal('stuck') : undefined) },
      })

      expect(list.notify([page], [gone])).toEqual([...refusal('limit'), ...refusal('stuck')])
    })
  })

  test('treats a callback that throws like one that refuses, and rethrows', () => {
    const error = new Error('broken')
    const thrower = vi.fn(() => {
      throw error
    })
    const { list, log } = three({ b: { notify: thrower } })

    expect(() => list.notify([page], [gone])).toThrow(error)
    expect(log).toEqual([
      'c: map 0x1000+0x1000 -> 0x5000 rw',
      'b: map 0x1000+0x1000 -> 0x5000 rw',
      'c: unmap 0x1000+0x1000',
    ])
  })

  test('throws for an event that no IOMMU can announce, before anybody is told (ND-1)', () => {
    const { list, log } = three()
    const wrong = unmapEvent(0, 1)
    wrong.permission = 2

    expect(() => list.notify([page, wrong])).toThrow(expect.objectContaining({ code: 'iommu.event' }))
    expect(log).toEqual([])
  })
})
