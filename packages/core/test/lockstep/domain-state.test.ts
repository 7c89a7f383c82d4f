import { describe, expect, test } from 'vitest'
import { restoreDomain, saveDomain } from '../../src/lockstep/domain-state.ts'
import { SimEvent } from '../../src/time/event.ts'
import { at, LockstepOf, wire } from './lockstep-of.ts'

/** `a` sends three messages at 10 that arrive at 30, and has an event of its own there; `log` is what `b` sees. */
function scene(): { lockstep: LockstepOf; log: string[] } {
  const log: string[] = []
  const lockstep = new LockstepOf([wire(20n)], {
    a: (domain) => {
      at(domain, 10, () => {
        for (const byte of [1, 2, 3]) domain.channel('a-b').send(0, Uint8Array.of(byte), { priority: -byte })
      })
      return undefined
    },
    b: (domain) => {
      domain.channel('a-b').listen(0, ({ time, payload }) => log.push(`${payload[0]} at ${time}`))
      at(domain, 30, () => log.push(`own at ${domain.queue.now}`))
      return undefined
    },
  })
  return { lockstep, log }
}

describe('a saved domain', () => {
  test('has its messages on the way and its events, and goes on elsewhere in the same order', () => {
    const { lockstep, log } = scene()
    lockstep.partition.run(20)
    lockstep.partition.advanceTo(20)
    const [a, b] = structuredClone(lockstep.partition.domains.map(saveDomain))
    const other = scene()

    restoreDomain(other.lockstep.domain('a'), a as NonNullable<typeof a>)
    restoreDomain(other.lockstep.domain('b'), b as NonNullable<typeof b>)
    other.lockstep.partition.run(100)
    lockstep.partition.run(100)

    expect(
      b?.deliveries.map(({ payload, time, priority, sequence }) => [payload[0], time, priority, sequence]),
    ).toEqual([
      [3, 30, -3, 2],
      [2, 30, -2, 1],
      [1, 30, -1, 0],
    ])
    expect(log).toEqual(['3 at 30', '2 at 30', '1 at 30', 'own at 30'])
    expect(other.log).toEqual(log)
    expect(other.lockstep.fingerprints).toEqual(lockstep.fingerprints)
  })

  test('takes messages up by the name of their link, whichever number it has', () => {
    const seen: string[] = []
    const compose = (links: readonly ReturnType<typeof wire>[]): LockstepOf =>
      new LockstepOf(links, {
        a: () => undefined,
        b: (domain) => {
          for (const channel of domain.channels) channel.listen(0, () => seen.push(channel.place.link))
          return undefined
        },
      })
    const [one, other] = [
      { ...wire(20n), name: 'one' },
      { ...wire(30n), name: 'other' },
    ] as const
    const lockstep = compose([one, other])
    lockstep.domain('a').channel('other').send(0, new Uint8Array(0))
    lockstep.partition.run(10)
    const state = structuredClone(saveDomain(lockstep.domain('b')))
    const reordered = compose([other, one])

    restoreDomain(reordered.domain('b'), state)
    reordered.partition.run(100)

    expect(seen).toEqual(['other'])
    const alone = compose([one])
    expect(() => restoreDomain(alone.domain('b'), state)).toThrow("cannot take the state: it has no link 'other'")
  })

  test('forgets who waited when it is brought to a state, unless the model says so again', () => {
    const lockstep = new LockstepOf([], {
      a: (domain) => ({ restore: () => void domain.waitFor('driver', 'disk', 'a block') }),
    })
    const domain = lockstep.domain('a')
    const state = saveDomain(domain)
    domain.waitFor('disk', 'card', 'later than the state')

    restoreDomain(domain, state)

    expect(domain.waits.map(({ who }) => who)).toEqual(['driver'])
  })

  test('is not changed by being saved', () => {
    const { lockstep } = scene()
    lockstep.partition.run(20)
    const before = lockstep.domain('b').queue.pending()

    const first = saveDomain(lockstep.domain('b'))

    expect(lockstep.domain('b').queue.pending()).toEqual(before)
    expect(saveDomain(lockstep.domain('b'))).toEqual(first)
  })

  test('cannot be saved while an event waits that nobody could make again', () => {
    const { lockstep } = scene()
    const domain = lockstep.domain('a')
    domain.queue.schedule(new SimEvent(() => {}, { name: 'one-off' }), 50)

    expect(() => saveDomain(domain)).toThrow("domain 'a' cannot be saved: event 'one-off' waits for 50")
    expect(domain.queue.size).toBe(2)
  })

  test('is taken only by a domain with its events, listeners and links', () => {
    const state = saveDomain(scene().lockstep.domain('b'))
    const bare = new LockstepOf([wire(20n)], { a: () => undefined, b: () => undefined }).domain('b')
    const deaf = new LockstepOf([wire(20n)], {
      a: () => undefined,
      b: (domain) => {
        at(domain, 30, () => {})
        return undefined
      },
    }).domain('b')

    expect(() => restoreDomain(bare, state)).toThrow("domain 'b' cannot take the state: it has no event 'at 30 #0'")
    expect(() => restoreDomain(deaf, state)).toThrow("no listener at port 0 of link 'a-b'")
  })
})
