// Long because plugging can fail in many places, each of which must leave the machine as it was.
import { describe, expect, test } from 'vitest'
import { GiB, KiB, LAST_ADDRESS, MiB } from '../../src/address/units.ts'
import { Machine } from '../../src/machine/machine.ts'
import type { GuestError } from '../../src/machine/machine-events.ts'
import { MappingRefusedError } from '../../src/memory/mapping-refused-error.ts'
import { ram } from '../../src/memory/ram-region.ts'
import { ms } from '../../src/time/units.ts'
import { Recorder } from './recorder.ts'

/** Everything about a machine that a failed plug must leave alone. */
function lookAt(machine: Machine) {
  return {
    mtree: machine.mtree(),
    devices: Array.from(machine.devices(), ({ path }) => path),
    waiting: machine.queue.size,
    now: machine.now,
  }
}

describe('a machine', () => {
  test('is composed, run and printed', () => {
    const machine = new Machine('pseries')
    const memory = machine.map(0n, ram('ram', 4n * GiB))
    const disk = machine.plug(new Recorder('disk', [], (m) => m.map(8n * GiB, ram('bar', 64n * KiB))))
    const seen: string[] = []
    machine.at(5n * ms, () => seen.push(lookAt(machine).devices.join()))
    machine.at(9n * ms, () => machine.unplug(disk))

    machine.run({ until: 8n * ms })

    expect(seen).toEqual(['disk'])
    expect(memory.container).toBe(machine.root)
    expect(machine.mtree()).toMatchInlineSnapshot(`
      "address space memory
        0000000000000000-ffffffffffffffff      16 EiB  container system
          0000000000000000-00000000ffffffff       4 GiB  ram       ram
          0000000200000000-000000020000ffff      64 KiB  ram       bar  of disk

      flat view of memory
        0000000000000000-00000000ffffffff       4 GiB  ram        ram
        0000000200000000-000000020000ffff      64 KiB  ram        bar"
    `)
    machine.run({ until: 10n * ms })
    expect(machine.mtree()).not.toContain('bar')
  })

  test('maps up to the last byte of the space and not past it', () => {
    const machine = new Machine('pc')

    machine.map(LAST_ADDRESS - 0xfffn, ram('top', 4n * KiB))

    expect(machine.space.flatView.ranges.at(-1)?.last).toBe(LAST_ADDRESS)
    expect(() => machine.map(LAST_ADDRESS, ram('over', 4n * KiB))).toThrow(
      expect.objectContaining({ code: 'address.range' }),
    )
  })

  test('refuses a region that overlaps one of the same priority and names both', () => {
    const machine = new Machine('pc')
    machine.map(0n, ram('low', 2n * MiB))

    const overlap = () => machine.map(1n * MiB, ram('rom', 4n * KiB))

    expect(overlap).toThrow(
      "'rom' at [0x100000, 0x100fff] overlaps 'low' at [0x0, 0x1fffff] in machine 'pc': move one of them, or give the one " +
        'to be seen a higher priority',
    )
    machine.map(1n * MiB, ram('rom', 4n * KiB), { priority: 1 })
    expect(machine.space.flatView.ranges.map(({ region }) => region.name)).toEqual(['low', 'rom', 'low'])
  })

  test('lets a region that is disabled lie over others, which of them ever it is', () => {
    const machine = new Machine('pc')
    const hidden = ram('hidden', 2n * MiB)
    hidden.setEnabled(false)
    const spare = ram('spare', 2n * MiB)
    spare.setEnabled(false)

    machine.map(0n, hidden)
    machine.map(0n, ram('seen', 2n * MiB))
    machine.map(0n, spare)

    expect(machine.space.flatView.ranges.map(({ region }) => region.name)).toEqual(['seen'])
  })

  test('refuses to map one region twice and leaves it where it is', () => {
    const machine = new Machine('pc')
    const region = machine.map(0n, ram('ram', 2n * MiB))

    expect(() => machine.map(4n * MiB, region)).toThrow(expect.objectContaining({ code: 'memory.double-add' }))

    expect(region.address).toBe(0n)
    machine.unmap(region)
    expect(() => machine.unmap(region)).toThrow(expect.objectContaining({ code: 'memory.not-a-child' }))
  })

  test('does not keep a region that a listener refuses', () => {
    const machine = new Machine('pc')
    const before = lookAt(machine)
    const refused = { iova: 0n, size: 4096n, code: 'limit', reason: 'the table is full' }
    machine.space.register({ name: 'host', priority: 0, regionAdd: () => [refused] })

    expect(() => machine.map(0n, ram('ram', 4n * KiB))).toThrow(MappingRefusedError)

    expect(lookAt(machine)).toEqual(before)
  })

  test('records mistakes of the guest with their time and tells listeners', () => {
    const machine = new Machine('pc')
    const told: GuestError[] = []
    machine.events.on('guest-error', (error) => told.push(error))
    machine.at(3n, () => {
      machine.guestError({ code: 'spapr.h-parameter', message: 'H_PUT_TCE past the end of LIOBN 0x80000000' })
    })

    machine.run()

    const error = { code: 'spapr.h-parameter', message: 'H_PUT_TCE past the end of LIOBN 0x80000000', time: 3n }
    expect(told).toEqual([error])
    expect([...machine.guestErrors]).toEqual([error])
  })
})

describe('plug', () => {
  test('tells listeners when the device is in place, and unplug when it is gone', () => {
    const machine = new Machine('pc')
    const log: string[] = []
    machine.events.on('plugged', (device) => log.push(`plugged ${device.path}, of ${[...machine.devices()].length}`))
    machine.events.on('unplugged', (device, path) => log.push(`unplugged ${path}, now ${device.path}`))

    const bridge = machine.plug(new Recorder('phb', log))
    machine.plug(new Recorder('card', log), { parent: bridge, at: '00:01.0' })
    machine.unplug(bridge)

    expect(log).toEqual([
      'plug phb',
      'plugged phb, of 1',
      'plug phb/00:01.0',
      'plugged phb/00:01.0, of 2',
      'unplug phb/00:01.0',
      'unplugged phb/00:01.0, now card',
      'unplug phb',
      'unplugged phb, now phb',
    ])
  })

  test('that throws leaves the machine as it was', () => {
    const machine = new Machine('pc')
    machine.map(0n, ram('ram', 2n * MiB))
    const bridge = machine.plug(new Recorder('phb'))
    const before = lookAt(machine)
    const told: string[] = []
    machine.events.on('plugged', ({ path }) => told.push(`plugged ${path}`))
    machine.events.on('unplugged', (_, path) => told.push(`unplugged ${path}`))
    const broken = new Recorder('broken', [], (m, self) => {
      m.map(1n * GiB, ram('bar', 4n * KiB))
      m.at(5n, () => {})
      self.line.raise()
      m.plug(new Recorder('function'), { parent: self })
      m.plug(new Recorder('helper'))
      throw new Error('refused')
    })

    expect(() => machine.plug(broken, { parent: bridge, at: '00:01.0' })).toThrow('refused')

    expect(lookAt(machine)).toEqual(before)
    expect([broken.machine, broken.parent, broken.children, broken.line.raised]).toEqual([
      undefined,
      undefined,
      [],
      false,
    ])
    expect(told).toEqual([
      'plugged phb/00:01.0/function',
      'plugged helper',
      'unplugged helper',
      'unplugged phb/00:01.0/function',
    ])
  })

  test('that failed can be tried again', () => {
    const machine = new Machine('pc')
    let full = true
    const device = new Recorder('card', [], (m) => {
      m.map(0n, ram('bar', 4n * KiB))
      if (full) throw new Error('full')
    })
    expect(() => machine.plug(device)).toThrow('full')
    full = false

    machine.plug(device)

    expect(device.machine).toBe(machine)
  })

  test('into a second machine throws and names both', () => {
    const [first, second] = [new Machine('first'), new Machine('second')]
    const device = first.plug(new Recorder('card'))

    const again = () => second.plug(device)

    expect(again).toThrow(
      "'card' cannot be plugged into machine 'second': it is in machine 'first' at 'card'; unplug it there first",
    )
    expect(device.machine).toBe(first)
    expect(() => first.plug(device)).toThrow(expect.objectContaining({ code: 'machine.already-plugged' }))
  })

  test('refuses a place that is taken and a parent that is not in the machine', () => {
    const machine = new Machine('pc')
    const bridge = machine.plug(new Recorder('phb'))
    machine.plug(new Recorder('disk'), { parent: bridge, at: '00:01.0' })

    const taken = () => machine.plug(new Recorder('net'), { parent: bridge, at: '00:01.0' })
    const orphan = () => machine.plug(new Recorder('net'), { parent: new Recorder('loose') })

    expect(taken).toThrow("'net' cannot be plugged into machine 'pc' at 'phb/00:01.0': 'disk' is there")
    expect(orphan).toThrow(expect.objectContaining({ code: 'machine.foreign-parent' }))
    for (const at of ['', 'phb/00:01.0']) {
      expect(() => machine.plug(new Recorder('fan'), { at })).toThrow(
        expect.objectContaining({ code: 'machine.place-name' }),
      )
    }
    expect(() => machine.plug(new Recorder('phb'))).toThrow(expect.objectContaining({ code: 'machine.place-taken' }))
  })

  test('lets a device be unplugged by its own machine only, and once', () => {
    const machine = new Machine('pc')
    const device = machine.plug(new Recorder('card'))
    const early = new Recorder('early', [], (m, self) => m.unplug(self))

    expect(() => new Machine('other').unplug(device)).toThrow("'card' cannot be unplugged from machine 'other'")
    expect(() => machine.plug(early)).toThrow(expect.objectContaining({ code: 'machine.not-plugged' }))
    machine.unplug(device)
    expect(() => machine.unplug(device)).toThrow(expect.objectContaining({ code: 'machine.not-plugged' }))
  })

  test('undone lets all devices below go, even when one of them fails', () => {
    const machine = new Machine('pc')
    const log: string[] = []
    const bridge = machine.plug(new Recorder('phb'))
    const stuck = (_: Machine, self: Recorder) =>
      self.onRelease(() => {
        throw new Error(`${self.name} is stuck`)
      })
    machine.plug(new Recorder('a', log), { parent: bridge })
    machine.plug(new Recorder('b', log, stuck), { parent: bridge })
    log.length = 0

    expect(() => machine.unplug(bridge)).toThrow('b is stuck')

    expect(log).toEqual(['unplug phb/b', 'unplug phb/a'])
    expect([...machine.devices()]).toEqual([])
  })

  test('refuses a place that onPlug took, and a bridge that onPlug unplugged, and undoes both', () => {
    const machine = new Machine('pc')
    const bridge = machine.plug(new Recorder('phb'))
    const double = new Recorder('card', [], (m) => m.plug(new Recorder('card')))
    const sawing = new Recorder('saw', [], (m) => m.unplug(bridge))

    expect(() => machine.plug(double)).toThrow(expect.objectContaining({ code: 'machine.place-taken' }))
    expect(() => machine.plug(sawing, { parent: bridge })).toThrow(
      expect.objectContaining({ code: 'machine.foreign-parent' }),
    )

    expect([...machine.devices()]).toEqual([])
    expect([double.machine, sawing.machine]).toEqual([undefined, undefined])
  })

  test('lets a device leave once, whatever its children unplug meanwhile', () => {
    const machine = new Machine('pc')
    const log: string[] = []
    machine.events.on('unplugged', (_, path) => log.push(`unplugged ${path}`))
    const host = machine.plug(new Recorder('phb'))
    const bridge = machine.plug(new Recorder('bridge'), { parent: host })
    const first = machine.plug(new Recorder('first'), { parent: bridge })
    const second = machine.plug(new Recorder('second'), { parent: bridge })
    second.onRelease(() => machine.unplug(first))
    second.onRelease(() => machine.unplug(bridge))

    expect(() => machine.unplug(bridge)).toThrow("'bridge' cannot be unplugged from machine 'pc': it is being")

    expect(log).toEqual(['phb/bridge/first', 'phb/bridge/second', 'phb/bridge'].map((path) => `unplugged ${path}`))
    expect([...machine.devices()]).toEqual([host])
  })

  test('leaves a device alone that has moved away from the bridge which brought it', () => {
    const machine = new Machine('pc')
    const function0 = new Recorder('function0')
    const card = machine.plug(new Recorder('card', [], (m, self) => m.plug(function0, { parent: self })))
    const other = machine.plug(new Recorder('other'))
    machine.unplug(function0)
    machine.plug(function0, { parent: other })

    machine.unplug(card)

    expect(function0.path).toBe('other/function0')
  })

  test('in the middle of a run takes the events of its instant with it', () => {
    const machine = new Machine('pc')
    const device = machine.plug(new Recorder('timer', [], (m) => m.at(5n, () => expect.unreachable())))
    machine.at(5n, () => machine.unplug(device), { priority: -1 })

    expect(machine.run()).toMatchObject({ events: 1, now: 5n })
  })

  test('takes what a device scheduled on plug with it on unplug', () => {
    const machine = new Machine('pc')
    const device = machine.plug(new Recorder('timer', [], (m) => m.after(5n, () => expect.unreachable())))

    machine.unplug(device)

    expect(machine.run()).toMatchObject({ ended: 'idle', events: 0 })
  })
})
