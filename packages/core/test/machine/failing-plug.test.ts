import { test as property } from '@fast-check/vitest'
import fc from 'fast-check'
import { expect } from 'vitest'
import { GiB, KiB } from '../../src/address/units.ts'
import { Machine } from '../../src/machine/machine.ts'
import { ram } from '../../src/memory/ram-region.ts'
import { takeSnapshot } from '../../src/snapshot/snapshot.ts'
import { Recorder } from './recorder.ts'

/** What a plug may do to its machine. Steps of children fail inside a nested plug. */
type Step = 'map' | 'at' | 'event' | 'beat' | 'raise' | 'release' | readonly Step[]

const { steps } = fc.letrec<{ step: Step; steps: Step[] }>((tie) => ({
  step: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    fc.constantFrom<Step>('map', 'at', 'event', 'beat', 'raise', 'release'),
    tie('steps'),
  ),
  steps: fc.array(tie('step'), { maxLength: 5 }),
}))

class Refused extends Error {}

/** A device whose plug does its steps and fails before the `left.steps`-th of all, its children's among them. */
class Clumsy extends Recorder {
  constructor(name: string, todo: readonly Step[], left: { steps: number }, undone: string[]) {
    super(name, [], (machine) => {
      for (const [index, step] of todo.entries()) {
        if (left.steps-- === 0) throw new Refused()
        const own = `${name}.${index}`
        if (step === 'map') machine.map(GiB * BigInt(++machines.mapped), ram(own, 4n * KiB))
        else if (step === 'at') machine.after(5n, () => {}, { name: own })
        else if (step === 'event')
          machine.queue.schedule(
            this.event(own, () => {}),
            machine.queue.now + 1,
          )
        else if (step === 'beat')
          machine.queue.schedule(
            machine.event(own, () => {}),
            machine.queue.now + 2,
          )
        else if (step === 'raise') this.line.raise()
        else if (step === 'release') this.onRelease(() => undone.push(own))
        else machine.plug(new Clumsy(own, step, left, undone), index % 2 === 0 ? { parent: this } : {})
      }
      if (left.steps-- === 0) throw new Refused()
    })
  }
}

const machines = { mapped: 0 }

function lookAt(machine: Machine) {
  const { composition, state } = takeSnapshot(machine)
  return { composition, events: { ...state.events, scheduled: [] }, devices: state.devices, mtree: machine.mtree() }
}

property.prop([steps, fc.nat(30)], { numRuns: 100 })(
  'a plug that fails at any point leaves the machine as it was, and can be tried again',
  (todo, failing) => {
    const machine = new Machine('pc')
    machine.map(0n, ram('ram', 64n * KiB))
    machine.plug(new Recorder('phb'))
    const before = lookAt(machine)
    const left = { steps: failing }
    const undone: string[] = []
    const device = new Clumsy('clumsy', todo, left, undone)

    let failed = false
    try {
      machine.plug(device)
    } catch (error) {
      expect(error).toBeInstanceOf(Refused)
      failed = true
    }

    if (failed) {
      expect(lookAt(machine)).toEqual(before)
      expect([device.machine, device.line.raised, device.children]).toEqual([undefined, false, []])
      left.steps = Number.POSITIVE_INFINITY
      machine.plug(device)
    }
    machine.unplug(device)
    for (const other of [...machine.topDevices]) if (other.name !== 'phb') machine.unplug(other)
    expect(lookAt(machine)).toEqual(before)
  },
)
