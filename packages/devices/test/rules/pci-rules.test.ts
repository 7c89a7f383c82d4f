import { expect, test } from 'vitest'
import { citedRules } from '../../../core/test/rules/cited-rules.ts'
import { RULES } from './pci-rules.ts'

const cited = citedRules()

test('every rule of PCI and of the pseries platform has a test whose name cites it', () => {
  const untested = Object.keys(RULES).filter((id) => !cited.has(id))

  expect(untested, 'no test has these ids in its name: write one, `sentence (ID)`').toEqual([])
})

test('no test cites a rule of theirs that does not exist', () => {
  const families = new Set(Object.keys(RULES).map((id) => id.slice(0, 2)))
  const unknown = [...cited].filter(([id]) => families.has(id.slice(0, 2)) && RULES[id] === undefined)

  expect(unknown).toEqual([])
})
