import { globSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

const PACKAGES = fileURLToPath(new URL('../../..', import.meta.url))

/** A name behind `test(`, `it(`, or the second pair of parentheses of `test.prop(…)(` and `test.each(…)(`. */
const TEST_NAME = /(?:\b(?:test|it)(?:\.\w+)*|\))\(\s*(['"`])((?:(?!\1)[^\n])*)\1/g

/** The rule ids in the parentheses of a test's name: `(FV-6)`, `(TX-3, LC-1)`. */
export function rulesIn(name: string): string[] {
  const groups = [...name.matchAll(/\(([^()]*)\)/g)]
  const words = groups.flatMap(([, inside]) => inside!.split(/,\s*/))
  return words.filter((word) => /^[A-Z]{2}-\d+$/.test(word))
}

/** The names of the tests in a source. */
export function testNamesIn(source: string): string[] {
  return [...source.matchAll(TEST_NAME)].map(([, , name]) => name!)
}

/** Rule ids that tests of any package cite, each with the files they are in. */
export function citedRules(): Map<string, string[]> {
  const cited = new Map<string, string[]>()
  for (const file of globSync('*/test/**/*.test.ts', { cwd: PACKAGES })) {
    const names = testNamesIn(readFileSync(`${PACKAGES}/${file}`, 'utf8'))
    for (const id of names.flatMap(rulesIn)) cited.set(id, [...(cited.get(id) ?? []), file])
  }
  return cited
}
