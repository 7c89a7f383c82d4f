import { fc, test as property } from '@fast-check/vitest'
import { describe, expect, test } from 'vitest'
import { BounceBudget, DEFAULT_BOUNCE_LIMIT } from '../../src/memory/index.ts'

function full(limit = 16): BounceBudget {
  const budget = new BounceBudget('dma')
  budget.limit = limit
  budget.take(limit)
  return budget
}

describe('a budget', () => {
  test('is 4096 bytes unless it is set (BB-8)', () => {
    expect([new BounceBudget('dma').limit, DEFAULT_BOUNCE_LIMIT]).toEqual([4096, 4096])
  })

  test('lends what is left of it, down to nothing (BB-3)', () => {
    const budget = new BounceBudget('dma')

    const lent = [3000, 3000, 1].map((bytes) => budget.take(bytes))

    expect([lent, budget.used]).toEqual([[3000, 1096, 0], 4096])
  })

  test('that is made smaller than what is lent lends nothing until enough comes back (BB-3)', () => {
    const budget = full(16)
    budget.limit = 8

    const before = budget.take(1)
    budget.give(10)

    expect([before, budget.take(9)]).toEqual([0, 2])
  })

  test.each([-1, 0.5, Number.NaN])('cannot be %d bytes', (limit) => {
    expect(() => {
      new BounceBudget('dma').limit = limit
    }).toThrow("the bounce buffers of 'dma' cannot be limited to")
  })
})

describe('clients', () => {
  test('are all called when bytes come back, newest first, once (BB-5, BB-6)', () => {
    const budget = full()
    const log: string[] = []
    for (const name of ['a', 'b', 'c']) budget.register(() => log.push(name))

    budget.give(1)
    budget.give(1)

    expect(log).toEqual(['c', 'b', 'a'])
  })

  test('that register while there is room are called at once, with all who wait (BB-6)', () => {
    const budget = full()
    const log: string[] = []
    budget.register(() => log.push('early'))
    budget.unregister(() => undefined)
    const late = () => log.push('late')

    budget.limit = 8
    budget.give(1)
    log.push('freed')
    budget.register(late)
    budget.limit = 32

    expect(log).toEqual(['early', 'freed', 'late'])
  })

  test('that come after the last byte came back are woken all the same (BB-6)', () => {
    const budget = full()
    const log: string[] = []

    const got = budget.take(1)
    budget.give(16)
    budget.register(() => log.push('woken'))

    expect([got, log]).toEqual([0, ['woken']])
  })

  test('are forgotten one registration at a time, the newest first (BB-6)', () => {
    const budget = full()
    const log: string[] = []
    const [a, b] = [() => log.push('a'), () => log.push('b')]
    for (const client of [a, b, a]) budget.register(client)

    const found = [budget.unregister(a), budget.unregister(() => undefined)]
    budget.give(1)

    expect([found, log]).toEqual([
      [true, false],
      ['b', 'a'],
    ])
  })

  test('that another one forgets from its call are not called (BB-6)', () => {
    const budget = full()
    const log: string[] = []
    const old = () => log.push('old')
    budget.register(old)
    budget.register(() => budget.unregister(old))

    budget.give(1)

    expect([log, budget.waiting]).toEqual([[], 0])
  })

  test('that register again because it was too little wait for the next time (BB-6)', () => {
    const budget = full()
    const log: number[] = []
    const client = () => {
      log.push(budget.take(16))
      if (budget.used === budget.limit) budget.register(client)
    }
    budget.register(client)

    budget.give(4)
    budget.give(8)

    expect([log, budget.waiting]).toEqual([[4, 8], 1])
  })

  test('are all called even if one throws, which is thrown then', () => {
    const budget = full()
    const log: string[] = []
    budget.register(() => log.push('old'))
    budget.register(() => {
      throw new Error('broken')
    })

    expect(() => budget.give(1)).toThrow('broken')
    expect(log).toEqual(['old'])
  })

  test('that register for ever though there is room are told so', () => {
    const budget = new BounceBudget('dma')
    const again = () => budget.register(again)

    expect(() => budget.register(again)).toThrow("map clients of 'dma' have registered again 1000 times")
  })
})

const step = fc.oneof(
  fc.record({ op: fc.constant('take' as const), bytes: fc.nat(20) }),
  fc.record({ op: fc.constant('give' as const), which: fc.nat(5) }),
  fc.record({ op: fc.constant('register' as const) }),
  fc.record({ op: fc.constant('unregister' as const), which: fc.nat(8) }),
  fc.record({ op: fc.constant('limit' as const), bytes: fc.nat(40) }),
)

property.prop([fc.array(step, { maxLength: 40 })], { numRuns: 150 })(
  'who waits and how much is lent is what a plain list says (BB-3, BB-5, BB-6)',
  (steps) => {
    const budget = new BounceBudget('dma')
    budget.limit = 24
    const clients: (() => void)[] = []
    const log: number[] = []
    const lent: number[] = []
    const model = { limit: 24, waiting: [] as number[], called: [] as number[] }
    const used = () => lent.reduce((sum, bytes) => sum + bytes, 0)
    const callAll = () => model.called.push(...model.waiting.splice(0).reverse())

    for (const step of steps) {
      if (step.op === 'take') {
        const expected = Math.max(0, Math.min(step.bytes, model.limit - used()))
        expect(budget.take(step.bytes)).toBe(expected)
        lent.push(expected)
      } else if (step.op === 'give') {
        const bytes = lent.splice(step.which, 1)[0]
        if (bytes === undefined) continue
        budget.give(bytes)
        callAll()
      } else if (step.op === 'register') {
        const id = clients.length
        clients.push(() => log.push(id))
        model.waiting.push(id)
        budget.register(clients[id] as () => void)
        if (used() < model.limit) callAll()
      } else if (step.op === 'unregister') {
        const client = clients[step.which]
        if (client === undefined) continue
        const index = model.waiting.indexOf(step.which)
        expect(budget.unregister(client)).toBe(index >= 0)
        if (index >= 0) model.waiting.splice(index, 1)
      } else {
        budget.limit = step.bytes
        model.limit = step.bytes
        if (used() < model.limit) callAll()
      }

      expect([budget.used, budget.waiting, log]).toEqual([used(), model.waiting.length, model.called])
    }
  },
)
