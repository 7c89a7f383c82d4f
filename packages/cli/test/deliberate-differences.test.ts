import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'

const DOCS = new URL('../../../docs/deliberate-differences.md', import.meta.url)
const PACKAGES = new URL('../../', import.meta.url)

// Each row of the tables ends in the test that pins it: a file, and words of the test's name.
const pinned = readFileSync(DOCS, 'utf8')
  .split('\n')
  .filter((line) => line.startsWith('|') && line.includes('.test.ts'))
  .map((line) => line.split('|').at(-2) ?? '')

test.each(pinned)('the test that pins a deliberate difference exists: %s', (cell) => {
  const files = [...cell.matchAll(/`([^`]+\.test\.ts)`/g)].map(([, file]) => file as string)
  const names = [...cell.matchAll(/“([^”]+)”/g)].map(([, name]) => name as string)

  const text = files.map((file) => readFileSync(new URL(file, PACKAGES), 'utf8')).join('\n')

  expect(names.length).toBeGreaterThan(0)
  for (const name of names) expect(text).toContain(name)
})

test('every difference is pinned by a test', () => {
  const rows = readFileSync(DOCS, 'utf8')
    .split('\n')
    .filter((line) => line.startsWith('| ') && !line.startsWith('| QEMU'))

  expect(pinned).toHaveLength(rows.length)
})
