import { describe, expect, test } from 'vitest'
import { checkPlan, type LinkSpec, type LockstepPlan, lookaheadOf } from '../../src/lockstep/plan.ts'
import { LAST_TICK } from '../../src/time/tick.ts'

const DOMAINS = ['a', 'b', 'c'].map((name) => ({ name, module: 'file:///domains.js' }))

function link(name: string, one: string, other: string, latency: bigint): LinkSpec {
  return { name, ends: [one, other], latency }
}

const LINKS = [link('slow', 'a', 'b', 90n), link('fast', 'b', 'c', 30n)]

function plan(more: Partial<LockstepPlan> = {}): LockstepPlan {
  return { domains: DOMAINS, links: LINKS, ...more }
}

describe('the quantum', () => {
  test('is the lookahead, the smallest latency, unless told', () => {
    expect(checkPlan(plan())).toBe(30)
    expect(lookaheadOf(LINKS)).toBe(30)
  })

  test.each([1n, 29n, 30n])('may be %d', (quantum) => {
    expect(checkPlan(plan({ quantum }))).toBe(Number(quantum))
  })

  test.each([0n, -1n, 31n, 2n ** 60n])('cannot be %d: the link and its ends are named', (quantum) => {
    expect(() => checkPlan(plan({ quantum }))).toThrow(
      `a window cannot last ${quantum} ticks: give it 1 to 30, the latency of link 'fast' between 'b' and 'c'`,
    )
  })

  test('is all of time where there are no links', () => {
    expect(checkPlan(plan({ links: [] }))).toBe(LAST_TICK)
    expect(() => checkPlan(plan({ links: [], quantum: 0n }))).toThrow('give it 1 to 9007199254740991')
  })
})

describe('a plan is refused', () => {
  test.each([
    ['without domains', { domains: [], links: [] }, 'lockstep.domains'],
    ['with two domains of one name', { domains: [...DOMAINS, ...DOMAINS] }, 'lockstep.domains'],
    ['with a link to nowhere', { links: [link('l', 'a', 'x', 5n)] }, 'lockstep.link'],
    ['with a link from a domain to itself', { links: [link('l', 'a', 'a', 5n)] }, 'lockstep.link'],
    ['with two links of one name', { links: [link('l', 'a', 'b', 5n), link('l', 'b', 'c', 5n)] }, 'lockstep.link'],
    ['with a link without latency', { links: [link('l', 'a', 'b', 0n)] }, 'lockstep.latency'],
    ['with a link longer than time', { links: [link('l', 'a', 'b', 2n ** 53n)] }, 'lockstep.latency'],
    ['with rings of an odd size', { ringBytes: 3000 }, 'lockstep.ring-bytes'],
    ['with rings that are too small', { ringBytes: 512 }, 'lockstep.ring-bytes'],
    ['with no room behind rings', { backlogBytes: 1023 }, 'lockstep.backlog-bytes'],
    ['with no number for the room behind rings', { backlogBytes: Number.NaN }, 'lockstep.backlog-bytes'],
  ])('%s', (_, more, code) => {
    expect(() => checkPlan(plan(more))).toThrow(expect.objectContaining({ code }))
  })
})
