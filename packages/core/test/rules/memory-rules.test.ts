import { expect, test } from 'vitest'
import { citedRules } from './cited-rules.ts'
import { RULES, WAITING } from './memory-rules.ts'

const cited = citedRules()

test('every rule of the memory core has a test whose name cites it', () => {
  const untested = Object.keys(RULES).filter((id) => !cited.has(id) && !WAITING.includes(id))

  expect(untested, 'no test has these ids in its name: write one, `sentence (ID)`').toEqual([])
})

test('no rule waits that has a test, and none that does not exist', () => {
  const superfluous = WAITING.filter((id) => cited.has(id) || RULES[id] === undefined)

  expect(superfluous, 'take these out of WAITING in memory-rules.ts').toEqual([])
})

test('no test cites a rule that does not exist', () => {
  const families = new Set(Object.keys(RULES).map((id) => id.slice(0, 2)))
  const unknown = [...cited].filter(([id]) => families.has(id.slice(0, 2)) && RULES[id] === undefined)

  expect(unknown).toEqual([])
})
