import { describe, expect, test } from 'vitest'
import { command } from '../command.ts'

describe('demo', () => {
  test('plays the trace, checks a hotplug at every checkpoint and replays windows, under the keys of the contract', () => {
    const { status, stdout } = command('demo', '--quick', '--json')

    const { trace, hotplug, replay } = JSON.parse(stdout) as Record<string, unknown>
    expect(status).toBe(0)
    expect(trace).toMatchObject({ checkpoints: 32, matched: 32, translations: 116_978, faults: 0 })
    expect(hotplug).toMatchObject({ hotplugs: 32, events: 10_382, bytes: 45_150_208, failures: [], verified: true })
    expect(replay).toContainEqual(expect.objectContaining({ name: 'dense/16/2', ns: expect.any(Number), unit: 'page' }))
    expect(replay).toContainEqual(expect.objectContaining({ name: 'read-limit/16' }))
  })

  test('says what it does, and its peak memory', () => {
    const { stdout } = command('demo', '--quick', '--trace', 'reference/traces/pseries-linux-6.12-ddw.trace.gz')

    expect(stdout).toContain('8 of 8 checkpoints as QEMU replayed them')
    expect(stdout).toMatch(/Peak memory \d+ MiB\./)
  })
})
