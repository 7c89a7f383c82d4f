import { mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { loadScenario } from '../src/scenario.ts'
import { ROOT } from './command.ts'

const folder = mkdtempSync(join(tmpdir(), 'hostbridge-'))

function moduleOf(name: string, source: string): string {
  const file = join(folder, name)
  writeFileSync(file, source)
  return file
}

test.each(['first-machine', 'first-machine.ts', 'examples/first-machine.ts', join(ROOT, 'examples/first-machine')])(
  'a scenario is found by %s',
  async (name) => {
    const { build } = await loadScenario(name)

    expect(build().name).toBe('pseries')
  },
)

test.each(['no-such-machine', 'examples', ''])('there is no scenario %j', async (name) => {
  await expect(loadScenario(name)).rejects.toMatchObject({ code: 'scenario.missing', facts: { name } })
})

test('a module without build and main is no scenario', async () => {
  const file = moduleOf('half.mjs', 'export const build = () => {}')

  await expect(loadScenario(file)).rejects.toThrow(
    `${file} is no scenario: export build(): Machine and main(print, watch)`,
  )
})

test('a module that cannot be loaded is named, with the reason', async () => {
  const file = moduleOf('broken.mjs', 'throw new Error("no such card")')

  await expect(loadScenario(file)).rejects.toMatchObject({
    code: 'scenario.unreadable',
    message: `${file} cannot be loaded: Error: no such card`,
  })
})
