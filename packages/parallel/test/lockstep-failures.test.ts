import { describe, expect, test } from 'vitest'
import { Lockstep } from '../src/lockstep.ts'
import { failureOf, openWith } from './failing-run.ts'
import { gossipPlan, MODULE } from './gossip.ts'

const LINKS = [{ name: 'wire', ends: ['a', 'b'], latency: 5n }] as const

describe('a domain that throws', () => {
  test.each([0, 1, 2])('stops the run with its stack and its time, the same on %i workers', async (workers) => {
    await using lockstep = await openWith(workers, { mishap: 'throw' })

    const error = await failureOf(lockstep.run())

    expect(error.code).toBe('lockstep.domain-failed')
    expect(error.message).toMatchInlineSnapshot(`"domain 'south' has failed at 27: a mistake of the model"`)
    expect(error.facts).toEqual({ domain: 'south', time: 27 })
    expect((error.cause as Error).stack).toMatch(/domains\.ts/)
    await expect(lockstep.run()).rejects.toMatchObject({ code: 'lockstep.failed', cause: error })
  })

  test.each([0, 2])('and another in the same window: the earlier one is told (%i workers)', async (workers) => {
    const special = { north: { mishap: 'throw' }, east: { mishap: 'throw' }, west: { mishap: 'throw' } } as const
    await using lockstep = await Lockstep.open({ ...gossipPlan({}, {}, special), workers })

    const error = await failureOf(lockstep.run())

    expect(error.message).toMatchInlineSnapshot(`"domain 'east' has failed at 23: a mistake of the model"`)
  })

  test.each([0, 2])('and another at the same instant: the first of the plan is told (%i workers)', async (workers) => {
    const failing = { module: MODULE, export: 'failingAt' }
    const times = { a: 9, b: 7, c: 7 }
    const domains = Object.entries(times).map(([name, args]) => ({ name, ...failing, args }))
    await using lockstep = await Lockstep.open({ domains, links: LINKS, workers })

    const error = await failureOf(lockstep.run())

    expect(error.message).toMatchInlineSnapshot(`"domain 'b' has failed at 7: a mistake of the model"`)
  })

  test.each([0, 2])('because it sends too early: names both ends (%i workers)', async (workers) => {
    await using lockstep = await openWith(workers, { mishap: 'early' })

    const error = await failureOf(lockstep.run())

    expect(error.cause).toMatchObject({ code: 'lockstep.lookahead', facts: { from: 'south', to: 'north', now: 27 } })
    expect(error.message).toMatchInlineSnapshot(
      `"domain 'south' has failed at 27: a message on link 'north-south' from 'south' at 27 cannot reach 'north' at 53: 'north' may be there already, for the link promises a latency of 27; send it for 54 or later, or lower the latency"`,
    )
  })
})

describe('a deadlock', () => {
  test.each([0, 2])('names those who wait (%i workers)', async (workers) => {
    const domains = [
      { name: 'a', module: MODULE, export: 'waiting', args: ['driver', 'b/disk'] },
      { name: 'b', module: MODULE, export: 'waiting', args: ['disk', 'a/driver'] },
      { name: 'c', module: MODULE, export: 'waiting', args: ['card', 'its driver'] },
    ]
    await using lockstep = await Lockstep.open({ domains, links: LINKS, workers })

    const error = await failureOf(lockstep.run({ until: 100n }))

    expect(error).toMatchObject({ code: 'lockstep.deadlock', facts: { domains: ['a', 'b', 'c'] } })
    expect(error.message).toMatchInlineSnapshot(
      `"nothing can happen any more, and somebody waits: deadlock: a/driver waits for b/disk (a message that nobody sends), b/disk waits for a/driver (a message that nobody sends); c/card waits for c/its driver (a message that nobody sends)"`,
    )
  })
})

describe('domains that cannot be composed', () => {
  test.each([
    [0, 'failing', 'lockstep.compose', /domain 'a' cannot be composed: no power/],
    [2, 'failing', 'lockstep.compose', /domain 'a' cannot be composed: no power/],
    [0, 'notAFunction', 'lockstep.module', /it exports no such function/],
    [2, 'missing', 'lockstep.module', /it exports no such function/],
    [0, 'nothing', 'lockstep.model', /return a machine, or \{ queue \}/],
  ])('on %i workers by %s: are told at once', async (workers, exported, code, message) => {
    const domains = ['a', 'b'].map((name) => ({ name, module: MODULE, export: exported, args: 1 }))

    const error = await failureOf(Lockstep.open({ domains, links: LINKS, workers }))

    expect(error.message).toMatch(message)
    expect([error.code, (error.cause as { code?: string } | undefined)?.code]).toContain(code)
  })

  test('by a module that is not there', async () => {
    const domains = [{ name: 'a', module: new URL('./missing.ts', import.meta.url).href }]

    await expect(Lockstep.open({ domains, links: [], workers: 1 })).rejects.toMatchObject({ code: 'lockstep.module' })
  })

  test.each([-1, 1.5])('on %d workers', async (workers) => {
    await expect(openWith(workers, {})).rejects.toMatchObject({ code: 'lockstep.workers' })
  })

  test.each([0, 2])(
    'from arguments of their own: what one does to them no other sees (%i workers)',
    async (workers) => {
      const args = { left: 3 }
      const domains = ['a', 'b'].map((name) => ({ name, module: MODULE, export: 'greedy', args }))
      await using lockstep = await Lockstep.open({ domains, links: [{ ...LINKS[0], latency: 1n }], workers })

      const causes = [await lockstep.run(), await lockstep.run()].map(({ cause }) => cause)

      expect(causes).toEqual(['3', '3'])
      expect(args).toEqual({ left: 3 })
    },
  )

  test.each([0, 2])('from arguments that no thread can be given (%i workers)', async (workers) => {
    const domains = ['a', 'b'].map((name) => ({ name, module: MODULE, args: name === 'b' ? () => 1 : {} }))

    const error = await failureOf(Lockstep.open({ domains, links: LINKS, workers }))

    expect(error).toMatchObject({ code: 'lockstep.args', facts: { domain: 'b' } })
    expect(error.message).toMatch(/^the args of domain 'b' cannot be given to its thread: /)
  })
})
