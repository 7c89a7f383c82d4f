import { describe, expect, test } from 'vitest'
import { command } from '../command.ts'

describe('bench', () => {
  test('reports one case under the keys of the contract', () => {
    const { status, stdout } = command('bench', 'translate', '--case', 'tce', '--quick', '--json')

    expect(status).toBe(0)
    expect(JSON.parse(stdout)).toEqual({
      node: process.version,
      cpu: expect.any(String),
      suites: [{ suite: 'translate', cases: [expect.objectContaining({ name: 'tce', unit: 'translation' })] }],
    })
  })

  test('prints the memory-bandwidth limit beside a replay, and the loop in C or why there is none', () => {
    const { stdout } = command('bench', 'replay', '--case', 'dense/12/0', '--quick')

    expect(stdout).toMatch(/read-limit\/12/)
    expect(stdout).toMatch(/replay_loop\.c\/dense\/12|baseline: not built/)
  })

  test.each([
    ['a suite', ['bench', 'speed'], /no suite speed: there are translate, memory, topology, pci, events, replay/],
    ['a case', ['bench', 'events', '--case', 'hold'], /suite events has no case hold/],
  ])('ends with status 2 for %s that there is not', (_what, argv, message) => {
    const { status, stderr } = command(...argv)

    expect(status).toBe(2)
    expect(stderr).toMatch(message)
  })
})
