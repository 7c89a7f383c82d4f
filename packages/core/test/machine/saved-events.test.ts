import { describe, expect, test } from 'vitest'
import { Device, type DeviceState } from '../../src/machine/device.ts'
import { Machine } from '../../src/machine/machine.ts'
import type { SimEvent } from '../../src/time/event.ts'
import { EventQueue } from '../../src/time/event-queue.ts'

/** Ticks by itself, and makes an event for every shot. */
class Clockwork extends Device {
  readonly log: string[]
  readonly tick: SimEvent
  shots = 0

  constructor(name: string, log: string[], priority = 0) {
    super(name)
    this.log = log
    this.tick = this.event('tick', () => this.#tick(), { priority })
  }

  shoot(delay: number): void {
    const event = this.#shot(this.shots++)
    this.machine?.queue.schedule(event, this.machine.queue.now + delay)
  }

  share(key: string, event: SimEvent): void {
    this.ownEvent(key, event)
  }

  override dropEvent(key: string): void {
    super.dropEvent(key)
  }

  override save(): DeviceState {
    return { shots: this.shots, flying: this.#flying }
  }

  override restore(state: DeviceState): void {
    for (const key of this.#flying) this.dropEvent(key)
    this.shots = state.shots as number
    for (const key of state.flying as string[]) this.#shot(Number(key.slice('shot '.length)))
  }

  protected override onPlug(machine: Machine): void {
    machine.queue.schedule(this.tick, machine.queue.now + 2)
    machine.after(3n, () => this.log.push(`${this.name} settled`), { name: 'settle' })
  }

  get #flying(): string[] {
    const keys: string[] = []
    this.forEachEvent((_, key) => keys.push(key))
    return keys.filter((key) => key.startsWith('shot '))
  }

  #shot(number: number): SimEvent {
    return this.event(`shot ${number}`, () => {
      this.dropEvent(`shot ${number}`)
      this.log.push(`${this.machine?.now} ${this.name} hit ${number}`)
    })
  }

  #tick(): void {
    const { queue } = this.machine as Machine
    this.log.push(`${queue.now} ${this.name} tick`)
    if (queue.now < 20) queue.schedule(this.tick, queue.now + 2)
    this.shoot(3)
    this.shoot(2)
  }
}

function build() {
  const log: string[] = []
  const machine = new Machine('pc')
  const beat = machine.event('beat', () => {
    log.push(`${machine.now} beat`)
    if (machine.now < 18n) machine.queue.schedule(beat, machine.queue.now + 4)
  })
  machine.queue.schedule(beat, 0)
  machine.plug(new Clockwork('a', log))
  machine.plug(new Clockwork('b', log))
  machine.at(6n, () => log.push('composed'), { name: 'composed' })
  return { machine, log }
}

describe('the waiting events of a machine', () => {
  test('come back with all ties as they were, whichever event they are saved after', () => {
    const whole = build()
    const { events: total, fingerprint } = whole.machine.run()

    for (let at = 0; at <= total; at++) {
      const stopped = build()
      stopped.machine.run({ events: at })
      const resumed = build()

      resumed.machine.restore(stopped.machine.save())
      const rest = resumed.machine.run()

      expect([...stopped.log, ...resumed.log]).toEqual(whole.log)
      expect([at, rest.fingerprint, at + rest.events]).toEqual([at, fingerprint, total])
      expect(resumed.machine.save()).toEqual(whole.machine.save())
    }
    expect(total).toBeGreaterThan(40)
  })

  test('come back on the machine itself as well, also those that have happened since', () => {
    const { machine, log } = build()
    machine.run({ events: 5 })
    const state = machine.save()
    log.length = 0
    const first = machine.run()
    const seen = [...log]
    log.length = 0

    machine.restore(state)
    const second = machine.run()

    expect(second).toEqual(first)
    expect(log).toEqual(seen)
  })

  test('that a restored machine is given before it runs are no part of composing it', () => {
    const compose = () => new Machine('pc')
    const first = compose()
    first.run({ until: 5n })
    const second = compose()
    second.restore(first.save())
    second.at(9n, () => {}, { name: 'late' })

    expect(() => second.save()).toThrow("cannot be saved while event 'late' waits for 9")
  })

  test('that nothing could make again are refused by name, with the way out', () => {
    const { machine } = build()
    machine.run({ events: 1 })
    machine.after(9n, () => {}, { name: 'late' })

    expect(() => machine.save()).toThrow(
      "machine 'pc' cannot be saved while event 'late' waits for 9: nothing could make it again; give it an owner by " +
        'Device.event() or Machine.event(), or schedule it before the machine first runs',
    )
  })

  test('are refused by a machine that has them not, or with another priority', () => {
    const state = build().machine.save()
    const other = new Machine('other')
    other.event('beat', () => {})
    other.plug(new Clockwork('a', []))
    other.plug(new Clockwork('b', [], 7))
    const without = new Machine('without')
    for (const device of build().machine.topDevices) without.plug(new Clockwork(device.name, []))

    expect(() => other.restore(state)).toThrow("event 'tick' waits in it for 2, which 'b' has with another priority")
    expect(() => without.restore(state)).toThrow("event 'beat' waits in it for 0, which the composer does not have")
  })

  test('of a device wait no more when it has left', () => {
    const { machine } = build()
    const [a, b] = machine.topDevices
    machine.run({ until: 5n })

    machine.unplug(a as Device)
    machine.unplug(b as Device)

    expect(machine.queue.pending().map(({ event }) => event.name)).toEqual(['composed', 'pc beat'])
  })

  test('are found whoever else has them, and however many waited before', () => {
    const machine = new Machine('pc')
    const [a, b] = [machine.plug(new Clockwork('a', [])), machine.plug(new Clockwork('b', []))]
    for (let shot = 0; shot < 100; shot++) a.shoot(1000)
    a.forEachEvent((event, key) => key === 'shot 99' && b.share('lent', event))
    b.share('lent too', a.tick)
    for (let shot = 0; shot < 98; shot++) a.dropEvent(`shot ${shot}`)

    const { owners, keys } = machine.save().events

    expect(owners).toEqual([
      ['a', 4],
      ['b', 2],
    ])
    expect(keys).toEqual(['tick', 'shot 98', 'shot 99', 'at 0 settle', 'tick', 'at 0 settle'])
  })

  test('of another queue are not saved', () => {
    const machine = new Machine('pc')
    const event = machine.event('beat', () => {})
    new EventQueue().schedule(event, 3)

    expect(machine.save().events.keys).toEqual([])
  })

  test('that nobody owns are found where another has two owners', () => {
    const machine = new Machine('pc')
    const [a, b] = [machine.plug(new Clockwork('a', [])), machine.plug(new Clockwork('b', []))]
    b.share('lent', a.tick)
    machine.run({ events: 0 })
    machine.after(9n, () => {}, { name: 'late' })

    expect(() => machine.save()).toThrow("while event 'late' waits for 9")
  })

  test('cannot be saved from inside an event', () => {
    const { machine } = build()
    machine.at(1n, () => machine.save())

    expect(() => machine.run()).toThrow(expect.objectContaining({ code: 'machine.running' }))
  })
})

test('wishes to unplug, faults and mistakes of the guest are saved and restored', () => {
  const compose = () => {
    const machine = new Machine('pc')
    const device = machine.plug(new Clockwork('a', []))
    device.onUnplugRequest = () => 'wait'
    return { machine, device }
  }
  const { machine, device } = compose()
  machine.run({ until: 4n })
  machine.requestUnplug(device)
  device.recordFault({ requester: 'a', iova: 5n, access: 'read', reason: 'not mapped' })
  machine.guestError({ code: 'pc.odd', message: 'odd', device })
  const other = compose()

  other.machine.restore(machine.save())

  expect([...other.device.faults]).toEqual([...device.faults])
  expect([...other.machine.guestErrors]).toEqual([{ code: 'pc.odd', message: 'odd', time: 4n, device: other.device }])
  expect(other.machine.unplugRequests).toMatchObject([{ path: 'a', since: 4n, status: 'waiting' }])
})
