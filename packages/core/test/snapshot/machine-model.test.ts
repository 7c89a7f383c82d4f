import { expect, test } from 'vitest'
import { restoreDomain, saveDomain } from '../../src/lockstep/domain-state.ts'
import { Machine } from '../../src/machine/machine.ts'
import { TrackingReason } from '../../src/memory/dirty/dirty-client.ts'
import { ram } from '../../src/memory/ram-region.ts'
import { machineModel } from '../../src/snapshot/machine-model.ts'
import { memoryFingerprint } from '../../src/snapshot/memory-fingerprint.ts'
import { type at, LockstepOf, wire } from '../lockstep/lockstep-of.ts'

/** Two machines that write into their memory what they are sent, and send it on with 1 added. */
function scene(): { lockstep: LockstepOf; machines: Machine[] } {
  const machines: Machine[] = []
  const compose = (domain: Parameters<typeof at>[0]) => {
    const machine = new Machine(domain.name)
    machine.map(0n, ram('ram', 0x1000n))
    machines[domain.number] = machine
    const [channel] = domain.channels
    const forward = machine.event('forward', () => {
      const seen = new Uint8Array(1)
      machine.space.read(BigInt(Number(machine.now) % 0x1000), seen)
      machine.space.write(machine.now % 0x1000n, Uint8Array.of((seen[0] ?? 0) + 1))
      channel?.send(0, Uint8Array.of(1))
    })
    channel?.listen(0, () => machine.queue.reschedule(forward, machine.queue.now + 3))
    machine.at(BigInt(domain.number), () => channel?.send(0, Uint8Array.of(1)))
    return machineModel(machine)
  }
  return { lockstep: new LockstepOf([wire(10n)], { a: compose, b: compose }), machines }
}

test('a machine in a domain is saved with its memory, its events and the messages to it, and goes on elsewhere', () => {
  const whole = scene()
  whole.lockstep.partition.run(500)

  for (const instant of [0, 5, 11, 100, 251]) {
    const before = scene()
    before.lockstep.partition.run(instant)
    before.lockstep.partition.advanceTo(instant)
    const states = structuredClone(before.lockstep.partition.domains.map(saveDomain))
    const after = scene()
    after.lockstep.partition.domains.forEach((domain, number) => {
      restoreDomain(domain, states[number] as (typeof states)[number])
    })
    after.lockstep.partition.run(500)

    expect(after.lockstep.fingerprints).toEqual(whole.lockstep.fingerprints)
    expect(after.machines.map((machine) => memoryFingerprint(machine))).toEqual(
      whole.machines.map((machine) => memoryFingerprint(machine)),
    )
  }
  expect(whole.lockstep.partition.events).toBeGreaterThan(100)
})

test('a machine that is stopped ends the run of all domains with its window, and it can be run on', () => {
  const compose = (domain: Parameters<typeof at>[0]) => {
    const machine = new Machine(domain.name)
    for (const time of [5n, 6n, 50n]) machine.at(time, () => domain.name === 'a' && time === 5n && machine.stop('full'))
    return machineModel(machine)
  }
  const { partition } = new LockstepOf([wire(10n)], { a: compose, b: compose })

  const ended = partition.run(100)

  expect([ended, partition.domains[0]?.stopCause]).toEqual(['stopped', 'full'])
  expect(partition.domains.map(({ queue }) => queue.now)).toEqual([6, 6])
  partition.clearStops()
  expect(partition.run(100)).toBe('idle')
  expect(partition.domains.map(({ queue }) => queue.now)).toEqual([50, 50])
})

test('dirty tracking that ends in an event of a machine in a domain ends at once (DL-10)', () => {
  let machine = new Machine('none')
  const compose = (domain: Parameters<typeof at>[0]) => {
    machine = new Machine(domain.name)
    const { tracking } = machine.memory.dirtyLog
    tracking.start(TrackingReason.migration)
    machine.at(5n, () => tracking.stop(TrackingReason.migration))
    return machineModel(machine)
  }
  const lockstep = new LockstepOf([], { a: compose })

  lockstep.partition.clearStops()
  lockstep.partition.run(10)

  expect(machine.memory.dirtyLog.tracking.reasons).toBe(0)
})

test('who waits in a machine is told with those of its domain', () => {
  const compose = (domain: Parameters<typeof at>[0]) => {
    const machine = new Machine(domain.name)
    machine.waits.begin('dma', 'b/disk', 'a frame')
    return machineModel(machine)
  }
  const lockstep = new LockstepOf([], { a: compose })

  expect(lockstep.domain('a').waits).toEqual([{ domain: 'a', who: 'dma', whom: 'b/disk', what: 'a frame' }])
})

test('a machine that is brought to a state forgets who waited at the instant that it leaves', () => {
  const { lockstep, machines } = scene()
  const domain = lockstep.domain('a')
  const state = structuredClone(saveDomain(domain))
  machines[0]?.waits.begin('dma', 'b/disk', 'a frame')

  restoreDomain(domain, state)

  expect(domain.waits).toEqual([])
})
