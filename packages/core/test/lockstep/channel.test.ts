import { describe, expect, test } from 'vitest'
import { at, LockstepOf, wire } from './lockstep-of.ts'

const TEXT = new TextEncoder()

describe('messages', () => {
  test("of one instant come after the domain's own events of that priority, by priority, sender and turn", () => {
    const order: string[] = []
    const sender = (text: string, priority: number) => (domain: Parameters<typeof at>[0]) => {
      const [channel] = domain.channels
      const name = domain.name
      at(domain, 10, () => {
        channel?.send(0, TEXT.encode(`${text} of ${name}`), { at: 30, priority })
        channel?.send(0, TEXT.encode(`${text} of ${name} again`), { at: 30, priority })
      })
      return undefined
    }
    const lockstep = new LockstepOf([wire(20n, 'z', 'hub'), wire(15n, 'hub', 'y'), wire(5n, 'x', 'hub')], {
      z: sender('last', 1),
      hub: (domain) => {
        for (const channel of domain.channels) {
          channel.listen(0, ({ time, payload }) => order.push(`${new TextDecoder().decode(payload)} at ${time}`))
        }
        at(domain, 30, () => order.push('own'))
        return undefined
      },
      y: sender('second', 0),
      x: sender('third', 0),
    })

    lockstep.partition.run(100)

    expect(order).toEqual([
      'own',
      'second of y at 30',
      'second of y again at 30',
      'third of x at 30',
      'third of x again at 30',
      'last of z at 30',
      'last of z again at 30',
    ])
  })

  test.each([
    [
      { at: 29 },
      'lockstep.lookahead',
      "'b' may be there already, for the link promises a latency of 20; send it for 30",
    ],
    [{ at: 30.5 }, 'lockstep.instant', 'cannot arrive at 30.5: that is no instant'],
    [{ at: 2 ** 53 }, 'lockstep.instant', 'that is no instant'],
    [{ priority: 0x8000 }, 'lockstep.priority', "from 'a' to 'b' cannot have priority 32768"],
    [{ priority: -0x8001 }, 'lockstep.priority', 'priorities are whole numbers'],
    [{ priority: 0.5 }, 'lockstep.priority', 'priorities are whole numbers'],
  ])('sent for %o are refused, naming both ends', (options, code, message) => {
    const lockstep = new LockstepOf([wire(20n)], {
      a: (domain) => {
        at(domain, 10, () => domain.channel('a-b').send(0, new Uint8Array(0), options))
        return undefined
      },
      b: () => undefined,
    })

    const run = (): unknown => lockstep.partition.run(100)

    expect(run).toThrow(
      expect.objectContaining({ code: 'lockstep.domain-failed', cause: expect.objectContaining({ code }) }),
    )
    expect(run).toThrow(message)
  })

  test.each([-1, 1.5, 2 ** 31, Number.NaN])('have no port %d', (port) => {
    const lockstep = new LockstepOf([wire(20n)], { a: () => undefined, b: () => undefined })
    const channel = lockstep.domain('a').channel('a-b')

    expect(() => channel.send(port, new Uint8Array(0))).toThrow(`link 'a-b' at 'a' has no port ${port}`)
    expect(() => channel.listen(port, () => {})).toThrow(expect.objectContaining({ code: 'lockstep.port' }))
  })

  test('of the last port and of the outermost priorities arrive', () => {
    const seen: number[] = []
    const lockstep = new LockstepOf([wire(20n)], {
      a: () => undefined,
      b: (domain) => {
        domain.channel('a-b').listen(2 ** 31 - 1, ({ payload }) => seen.push(payload[0] as number))
        return undefined
      },
    })
    const channel = lockstep.domain('a').channel('a-b')

    for (const priority of [0x7fff, -0x8000]) channel.send(2 ** 31 - 1, Uint8Array.of(priority >> 8), { priority })
    lockstep.partition.run(100)

    expect(seen).toEqual([0x80, 0x7f])
  })

  test('to a port at which nobody listens fail there, naming both ends', () => {
    const lockstep = new LockstepOf([wire(20n)], {
      a: (domain) => {
        at(domain, 10, () => domain.channel('a-b').send(9, new Uint8Array(0)))
        return undefined
      },
      b: () => undefined,
    })

    expect(() => lockstep.partition.run(100)).toThrow(
      "domain 'b' has failed at 30: 'a' has sent a message to port 9 of link 'a-b', where 'b' does not listen",
    )
  })
})

test('a port has one listener, a domain only its own links, and no time before it is composed', () => {
  const lockstep = new LockstepOf([wire(20n)], { a: () => undefined, b: () => undefined, c: () => undefined })
  const channel = lockstep.domain('a').channel('a-b')
  for (const port of [10, 9, 0]) channel.listen(port, () => {})

  expect(channel.users.map(([port]) => port)).toEqual([0, 9, 10])
  expect(() => channel.listen(0, () => {})).toThrow(expect.objectContaining({ code: 'lockstep.port-taken' }))
  expect(() => lockstep.domain('c').channel('a-b')).toThrow("domain 'c' has no link 'a-b': its links are none")
})
