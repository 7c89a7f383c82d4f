import { expect, test } from 'vitest'
import type { DomainState } from '../../src/lockstep/domain-state.ts'
import { Machine } from '../../src/machine/machine.ts'
import { decodeDomains, encodeDomains } from '../../src/snapshot/lockstep-file.ts'
import { takeSnapshot } from '../../src/snapshot/snapshot.ts'
import { encodeSnapshot } from '../../src/snapshot/snapshot-file.ts'

function state(domain: string, model: unknown): DomainState {
  return {
    domain,
    now: 17,
    sequences: [3, 4],
    messages: 9,
    deliveries: [{ link: 'wire', port: 1, payload: Uint8Array.of(1, 2), time: 20, priority: -1, sequence: 8 }],
    events: [{ name: 'tick', time: 18, sequence: 2 }],
    ports: [{ link: 'wire', port: 1, state: { sent: 5n } }],
    fingerprint: { lanes: [1, -2], events: 7 },
    model,
  }
}

const STATES = [state('left', { beats: [1, 2, 3] }), state('right', Uint8Array.of(9, 8)), state('mute', undefined)]

test('the states of domains come back out of their file, models that are bytes as bytes', () => {
  const file = encodeDomains(STATES)

  const states = decodeDomains(file)
  file.fill(0)

  expect(states).toEqual(STATES)
})

test('a file that is damaged anywhere is refused, with the place', () => {
  const file = encodeDomains(STATES)

  for (let at = 0; at < file.length; at++) {
    const damaged = file.slice()
    damaged[at] = (damaged[at] as number) ^ 0x10
    expect(() => decodeDomains(damaged)).toThrow(/the snapshot (is damaged at byte \d+|has version)/)
  }
})

test("a machine's file is no file of domains", () => {
  const file = encodeSnapshot(takeSnapshot(new Machine('pc')))

  expect(() => decodeDomains(file)).toThrow("it lacks section 'domains'")
})
