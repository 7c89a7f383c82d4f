import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'

const README = readFileSync(new URL('../../../README.md', import.meta.url), 'utf8')

test('the README names commands and examples that there are, and leaves nothing open', () => {
  const examples = [...README.matchAll(/\]\((examples\/[^)]+)\)/g)].map(([, path]) => path as string)

  expect(examples).toHaveLength(11)
  for (const path of examples)
    expect(readFileSync(new URL(`../../../${path}`, import.meta.url), 'utf8')).toContain('main')
  expect(README).not.toContain('@@')
})
