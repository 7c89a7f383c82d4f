import { globSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { stripTypeScriptTypes } from 'node:module'
import { basename } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { describe, expect, test, vi } from 'vitest'

const ROOT = new URL('../../../', import.meta.url)
const PAGES = ['machine-lifecycle', 'snapshots', 'tracing', 'lockstep']
const TESTS = globSync('packages/*/test/**/*.test.ts', { cwd: fileURLToPath(ROOT) })

const page = (name: string): string => readFileSync(new URL(`docs/${name}.md`, ROOT), 'utf8')

/** Where programs of the pages find the packages. */
const PROGRAMS = fileURLToPath(new URL('../node_modules/.docs/', import.meta.url))

async function outputOf(name: string, program: string): Promise<string> {
  mkdirSync(PROGRAMS, { recursive: true })
  const file = `${PROGRAMS}${name}.mjs`
  writeFileSync(file, stripTypeScriptTypes(program))
  const lines: string[] = []
  const log = vi.spyOn(console, 'log').mockImplementation((...words: unknown[]) => {
    lines.push(words.map((word) => (typeof word === 'bigint' ? `${word}n` : String(word))).join(' '))
  })
  try {
    await import(/* @vite-ignore */ pathToFileURL(file).href)
  } finally {
    log.mockRestore()
  }
  return `${lines.join('\n')}\n`
}

describe.each(PAGES)('the page %s', (name) => {
  test('names tests that there are', () => {
    const files = [...page(name).matchAll(/`([\w-]+\.test\.ts)`/g)].map(([, file]) => file as string)
    const quoted = [...page(name).matchAll(/`([\w-]+\.test\.ts)`:\s'([^']+)'/g)]

    expect(files.length).toBeGreaterThan(0)
    for (const file of files) expect(TESTS.map((path) => basename(path))).toContain(file)
    for (const [, file, title] of quoted) {
      const sources = TESTS.filter((path) => basename(path) === file)
      expect(sources.map((path) => readFileSync(new URL(path, ROOT), 'utf8')).join('\n')).toContain(title)
    }
  })

  test('has programs that print what it says', async () => {
    for (const [, program, output] of page(name).matchAll(/```ts\n([\s\S]*?)```\n```text\n([\s\S]*?)```/g)) {
      expect(await outputOf(name, program as string)).toBe(output)
    }
  })

  test('names commands and cases that there are', () => {
    const cases = [...page(name).matchAll(/--case ([\w/-]+)/g)].map(([, found]) => found as string)
    const suite = readFileSync(new URL('packages/bench/src/suites/events.ts', ROOT), 'utf8')

    for (const found of cases) expect(suite).toContain(`'${found}'`)
  })
})
