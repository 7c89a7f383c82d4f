import { expect, test } from 'vitest'
import { runAll } from '../../src/machine/run-all.ts'

test('all steps run and the first error is thrown', () => {
  const seen: number[] = []
  const steps = [1, 2, 3].map((step) => () => {
    seen.push(step)
    if (step > 1) throw new Error(`step ${step}`)
  })

  expect(() => runAll(steps)).toThrow('step 2')

  expect(seen).toEqual([1, 2, 3])
})
