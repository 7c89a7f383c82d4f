import { test as property } from '@fast-check/vitest'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { diffTraces } from '../../src/trace/trace-diff.ts'

const lines = fc.array(fc.constantFrom('a', 'b'), { maxLength: 12 })

describe('the difference of two traces', () => {
  property.prop([lines, lines, fc.nat(3)], { numRuns: 100 })(
    'is the first line that is not the same',
    (left, right, context) => {
      const found = diffTraces(left, right, context)

      const longest = Math.max(left.length, right.length)
      const parting = Array.from({ length: longest }, (_, line) => line).find((line) => left[line] !== right[line])
      expect(found).toEqual(
        parting === undefined
          ? undefined
          : {
              line: parting,
              before: left.slice(Math.max(0, parting - context), parting),
              left: left.slice(parting, parting + context + 1),
              right: right.slice(parting, parting + context + 1),
            },
      )
    },
  )

  test('is found without reading further than its context', () => {
    let read = 0
    function* endless(at: number): Generator<string, void, undefined> {
      for (let line = 0; ; line++) {
        read++
        yield line === at ? 'other' : 'same'
      }
    }

    expect(diffTraces(endless(50), endless(-1), 1)?.line).toBe(50)
    expect(read).toBeLessThan(110)
  })
})
