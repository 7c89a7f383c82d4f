import { InterruptNumbers, type InterruptRun, MSI_INTERRUPTS } from '@hostbridge/devices/spapr'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'

const { first, count } = MSI_INTERRUPTS

describe('interrupt numbers', () => {
  it('are given from the first free one on, aligned where that is asked for', () => {
    const numbers = new InterruptNumbers()

    const runs = [numbers.allocate(1), numbers.allocate(4, 4), numbers.allocate(3), numbers.allocate(1)]

    expect(runs).toEqual([
      { first, count: 1 },
      { first: first + 4, count: 4 },
      { first: first + 1, count: 3 },
      { first: first + 8, count: 1 },
    ])
    expect(numbers.taken.map((run) => run.first)).toEqual([first, first + 1, first + 4, first + 8])
  })

  it('are all given, and then none', () => {
    const numbers = new InterruptNumbers()

    expect(numbers.allocate(count + 1)).toBeUndefined()
    expect(numbers.allocate(count)).toEqual({ first, count })
    expect(numbers.allocate(1)).toBeUndefined()
  })

  it('can be taken as a saved machine had them', () => {
    const numbers = new InterruptNumbers()
    numbers.take({ first: first + 8, count: 2 })
    numbers.take({ first: first + 2, count: 2 })
    numbers.take({ first: first + 6, count: 1 })

    expect([numbers.allocate(3), numbers.allocate(2), numbers.allocate(2)]).toEqual([
      { first: first + 10, count: 3 },
      { first, count: 2 },
      { first: first + 4, count: 2 },
    ])
  })

  it('are where the first place is that a plain list of bits has, for every order of giving and freeing', () => {
    const step = fc.record({ count: fc.integer({ min: 1, max: 900 }), log2: fc.nat(6), free: fc.nat(5) })

    fc.assert(
      fc.property(fc.array(step, { maxLength: 30 }), (steps) => {
        const numbers = new InterruptNumbers()
        const bits = new Array<boolean>(count).fill(false)
        const held: InterruptRun[] = []
        for (const { count: wanted, log2, free } of steps) {
          const run = numbers.allocate(wanted, 2 ** log2)
          let at = 0
          const fits = (): boolean => (first + at) % 2 ** log2 === 0 && !bits.slice(at, at + wanted).includes(true)
          while (at + wanted <= count && !fits()) at++
          expect(run).toEqual(at + wanted <= count ? { first: first + at, count: wanted } : undefined)
          if (run !== undefined) {
            bits.fill(true, at, at + wanted)
            held.push(run)
          }
          const [gone] = free < held.length ? held.splice(free, 1) : []
          if (gone === undefined) continue
          numbers.free(gone)
          bits.fill(false, gone.first - first, gone.first - first + gone.count)
        }
      }),
      { numRuns: 50 },
    )
  })
})
