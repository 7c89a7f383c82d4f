import { serialize } from 'node:v8'
import {
  decodeSnapshot,
  encodeSnapshot,
  memoryFingerprint,
  restoreSnapshot,
  type Snapshot,
  takeSnapshot,
} from '@hostbridge/core/snapshot'
import { describe, expect, test } from 'vitest'
import { runsOf } from '../vfio/page-table.ts'
import { type BusyMachine, busyMachine } from './busy-machine.ts'

/** Everything that can be seen of a machine and of the host below it. */
function lookAt({ machine, host }: BusyMachine) {
  return {
    state: machine.save(),
    memory: memoryFingerprint(machine),
    host: host.containers.map(({ name, table }) => ({ name, runs: runsOf(table) })),
    mtree: machine.mtree(),
  }
}

/** Compares bytes first, which costs little; the difference is looked for only where there is one. */
function expectSame(at: number, found: object, wanted: object): void {
  if (!serialize(found).equals(serialize(wanted))) expect({ at, ...found }).toEqual({ at, ...wanted })
}

describe('a busy machine', () => {
  test('goes on as if it had never stopped, from a snapshot after any of its events', () => {
    const whole = busyMachine()
    const { events: total, fingerprint } = whole.machine.run()
    const end = lookAt(whole)

    const stopped = busyMachine()
    for (let at = 0; at <= total; at++) {
      const taken = takeSnapshot(stopped.machine)
      const snapshot = at % 5 === 0 ? decodeSnapshot(encodeSnapshot(taken)) : taken
      const resumed = busyMachine()

      restoreSnapshot(resumed.machine, snapshot, { replug: resumed.replug })

      expectSame(at, lookAt(resumed), lookAt(stopped))
      expect({ at, ...resumed.machine.run() }).toMatchObject({ at, fingerprint, events: total - at })
      // The fingerprint covers every event; what they have left behind is looked at now and then.
      if (at % 4 === 0) expectSame(at, lookAt(resumed), end)
      stopped.machine.run({ events: 1 })
    }
    expect(total).toBeGreaterThan(30)
    expect(end.state.devices.map(({ path, faults }) => [path, faults.total])).toEqual([
      ['phb0', 0],
      ['phb0/00:02.0', expect.any(Number)],
      ['phb0/00:03.0', expect.any(Number)],
    ])
  })

  test('goes back to any earlier event by a snapshot of its own', () => {
    const busy = busyMachine()
    const { machine, replug } = busy
    const snapshots = [takeSnapshot(machine)]
    const seen = [lookAt(busy)]
    while (machine.run({ events: 5 }).events > 0) {
      snapshots.push(takeSnapshot(machine, { like: snapshots.at(-1) }))
      seen.push(lookAt(busy))
    }
    const both = snapshots.findIndex(({ composition }) =>
      composition.devices.some(({ path }) => path === 'phb0/00:03.0'),
    )

    for (let index = snapshots.length - 1; index >= both; index--) {
      restoreSnapshot(machine, snapshots[index] as Snapshot, { replug })

      expectSame(index, lookAt(busy), seen[index] as object)
      machine.run()
      expectSame(index, lookAt(busy), seen.at(-1) as object)
    }
    expect(snapshots.length - both).toBeGreaterThan(3)
  })
})
