import { describe, expect, test } from 'vitest'
import { Machine } from '../../src/machine/machine.ts'
import { Recorder } from './recorder.ts'

function build(name: string) {
  const machine = new Machine(name)
  const bridge = machine.plug(new Recorder('phb'))
  const card = machine.plug(new Recorder('card'), { parent: bridge, at: '00:01.0' })
  return { machine, bridge, card }
}

describe('a saved machine', () => {
  test('is restored with its time, its devices and their lines into another of the same composition', () => {
    const before = build('before')
    const after = build('after')
    const told: boolean[] = []
    after.card.line.connect((raised) => told.push(raised))
    before.machine.run({ until: 500n })
    before.card.counter = 3
    before.card.line.raise()

    const state = structuredClone(before.machine.save())
    after.machine.restore(state)

    expect([after.machine.now, after.bridge.counter, after.card.counter, after.card.line.raised]).toEqual([
      500n,
      0,
      3,
      true,
    ])
    expect(told).toEqual([])
    expect(after.machine.save().devices).toEqual(state.devices)
    expect(state).toMatchInlineSnapshot(`
      {
        "devices": [
          {
            "faults": {
              "entries": [],
              "total": 0,
            },
            "path": "phb",
            "raised": [],
            "state": {
              "counter": 0,
            },
          },
          {
            "faults": {
              "entries": [],
              "total": 0,
            },
            "path": "phb/00:01.0",
            "raised": [
              "inta",
            ],
            "state": {
              "counter": 3,
            },
          },
        ],
        "events": {
          "keys": [],
          "owners": [],
          "ranks": Int32Array [],
          "scheduled": [
            0,
          ],
          "sequences": Float64Array [],
          "times": Float64Array [],
        },
        "fingerprint": {
          "events": 0,
          "lanes": [
            625341585,
            1779033703,
          ],
        },
        "guestErrors": {
          "entries": [],
          "total": 0,
        },
        "machine": "before",
        "now": 500n,
        "unplugRequests": [],
      }
    `)
  })

  test('is brought back in time, and what waited is forgotten', () => {
    const { machine, card } = build('pc')
    const state = machine.save()
    machine.run({ until: 100n })
    card.counter = 9
    const late = machine.at(200n, () => {})

    machine.restore(state)

    expect([machine.now, card.counter, late.scheduled, machine.queue.size]).toEqual([0n, 0, false, 0])
  })

  test('is the same however often it is restored, with the events that devices waited for', () => {
    const machine = new Machine('pc')
    const fired: bigint[] = []
    class Timer extends Recorder {
      due: bigint[] = [30n, 20n]
      override save = () => ({ due: this.due })
      override restore = ({ due }: { due?: bigint[] }) => {
        this.due = due ?? []
        for (const time of this.due) machine.at(time, () => fired.push(time))
      }
    }
    const timer = machine.plug(new Timer('timer'))
    const state = machine.save()

    for (let round = 0; round < 2; round++) {
      machine.restore(state)
      machine.run({ until: 25n })
      timer.due.pop()
    }

    expect(fired).toEqual([20n, 20n])
  })

  test('is restored with siblings in their order of plugging, which is that of resets', () => {
    const names = (machine: Machine) => Array.from(machine.devices(), ({ path }) => path)
    const [before, after] = [build('before'), build('after')]
    for (const { machine, bridge } of [before, after]) {
      machine.plug(new Recorder('net'), { parent: bridge })
      machine.plug(new Recorder('timer'))
    }
    before.machine.unplug(before.card)
    before.machine.plug(before.card, { parent: before.bridge, at: '00:01.0' })
    before.machine.unplug(before.bridge)
    before.machine.plug(before.bridge)
    for (const card of [new Recorder('net'), before.card]) {
      before.machine.plug(card, { parent: before.bridge, at: card === before.card ? '00:01.0' : 'net' })
    }

    after.machine.restore(before.machine.save())

    expect(names(after.machine)).toEqual(['timer', 'phb', 'phb/net', 'phb/00:01.0'])
    expect(names(after.machine)).toEqual(names(before.machine))
  })

  test('refuses other devices and stays as it is', () => {
    const { machine, card } = build('small')
    const big = build('big').machine
    big.plug(new Recorder('timer'))
    machine.plug(new Recorder('disk'))
    card.counter = 1

    const restore = () => machine.restore(big.save())

    expect(restore).toThrow("machine 'small' cannot take the state of 'big': it lacks [timer] and has [disk] besides")
    expect(card.counter).toBe(1)
  })

  test('names a guest error whose facts are no plain data', () => {
    const { machine, card } = build('pc')
    machine.guestError({ code: 'card.command', message: 'no such command', device: card, facts: { why: () => {} } })

    expect(() => machine.save()).toThrow("guest error 'card.command' of 'phb/00:01.0' cannot be saved")
  })

  test('names the device whose state is not plain data', () => {
    const { machine, card } = build('pc')
    card.save = () => ({ callback: () => {} })

    expect(() => machine.save()).toThrow(
      expect.objectContaining({ code: 'machine.state', facts: { device: 'phb/00:01.0' }, cause: expect.anything() }),
    )
  })

  test('cannot be restored from inside an event', () => {
    const { machine } = build('pc')
    const state = machine.save()
    machine.at(5n, () => machine.restore(state))

    expect(() => machine.run()).toThrow(expect.objectContaining({ code: 'machine.running' }))
  })
})
