import { describe, expect, test } from 'vitest'
import { Domain, type DomainModel } from '../../src/lockstep/domain.ts'
import { EventQueue } from '../../src/time/event-queue.ts'

describe('a domain', () => {
  test('has no time before it is composed', () => {
    const domain = new Domain('a', 0)

    expect(() => domain.queue).toThrow("domain 'a' is being composed and has no time yet")
  })

  test('takes only what has a queue', () => {
    const domain = new Domain('a', 0)

    expect(() => domain.own({} as DomainModel)).toThrow(expect.objectContaining({ code: 'lockstep.model' }))
    expect(() => domain.own(undefined as unknown as DomainModel)).toThrow('return a machine, or { queue }')
  })

  test('finds its events by name, and owns no others', () => {
    const domain = new Domain('a', 0)
    const event = domain.event('tick', () => {}, { priority: 3 })
    const other = new Domain('b', 1).event('tick', () => {})

    expect(domain.eventNamed('tick')).toBe(event)
    expect([event.priority, event.source]).toEqual([3, 0])
    expect([domain.owns(event), domain.owns(other)]).toEqual([true, false])
    expect(() => domain.event('tick', () => {})).toThrow(expect.objectContaining({ code: 'lockstep.event-name' }))
  })

  test('knows who waits until the wait ends', () => {
    const domain = new Domain('a', 0)
    const endDriver = domain.waitFor('driver', 'disk', 'an answer')
    domain.waitFor('disk', 'b/card', 'a frame')

    endDriver()

    expect(domain.waits).toEqual([{ domain: 'a', who: 'disk', whom: 'b/card', what: 'a frame' }])
  })

  test('tells its own waits, then those of its model', () => {
    const domain = new Domain('a', 0)
    domain.own({ queue: new EventQueue(), waits: [{ who: 'dma', whom: 'iommu', what: 'a page' }] })

    domain.waitFor('disk', 'b/card', 'a frame')

    expect(domain.waits).toEqual([
      { domain: 'a', who: 'disk', whom: 'b/card', what: 'a frame' },
      { domain: 'a', who: 'dma', whom: 'iommu', what: 'a page' },
    ])
  })

  test('keeps the first reason to stop until it is cleared', () => {
    const domain = new Domain('a', 0)
    domain.own({ queue: new EventQueue() })

    domain.stop('first')
    domain.stop('second')

    expect(domain.stopCause).toBe('first')
    domain.clearStop()
    expect(domain.stopCause).toBeUndefined()
  })
})
