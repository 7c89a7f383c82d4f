import { expect, test } from 'vitest'
import { rulesIn, testNamesIn } from './cited-rules.ts'

test('all ids in the parentheses of a name are found', () => {
  expect(rulesIn('a listener hears (TX-3, LC-1), and more (LR-2)')).toEqual(['TX-3', 'LC-1', 'LR-2'])
})

test('ids outside of parentheses, and words inside of them, are not', () => {
  expect(rulesIn('as FV-6 says (vector 5)')).toEqual([])
})

test('names are found behind every way to write a test', () => {
  const source = [
    "test('one', () => {})",
    'it("two", () => {})',
    'test.prop([a], { numRuns: 3 })(',
    "  'three',",
    "test.each([1])('four %s', f)",
    "const not = 'five'",
  ].join('\n')

  expect(testNamesIn(source)).toEqual(['one', 'two', 'three', 'four %s'])
})
