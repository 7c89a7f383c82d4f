import { describe, expect, test, vi } from 'vitest'
import { GiB, KiB } from '../../src/address/units.ts'
import { HostbridgeError } from '../../src/errors.ts'
import { Device } from '../../src/machine/device.ts'
import { Machine } from '../../src/machine/machine.ts'
import { ContainerRegion } from '../../src/memory/container-region.ts'
import { DirtyClient } from '../../src/memory/dirty/dirty-client.ts'
import { setLogging } from '../../src/memory/dirty/vga-log.ts'
import { ram } from '../../src/memory/ram-region.ts'
import { restoreSnapshot, takeSnapshot } from '../../src/snapshot/snapshot.ts'

class Plain extends Device {}

function build(size = 128n * KiB) {
  const machine = new Machine('pc')
  const memory = machine.map(0n, ram('ram', size))
  const bus = machine.plug(new Plain('bus'))
  machine.plug(new Plain('disk'), { parent: bus })
  return { machine, memory, bus }
}

/** Lets a device fail once when it is restored. */
function breakBus(machine: Machine): void {
  const bus = machine.topDevices[0] as Device
  vi.spyOn(bus, 'restore').mockImplementationOnce(() => {
    throw new HostbridgeError('test.broken', 'a part is broken', {})
  })
}

const codeOf = (code: string) => expect.objectContaining({ code })

describe('a snapshot', () => {
  test('has nobody waiting but who says so when it is restored', () => {
    const { machine, bus } = build()
    const state = takeSnapshot(machine)
    for (const whom of ['disk', 'host']) machine.waits.begin('bus', whom, 'an answer')
    vi.spyOn(bus, 'restore').mockImplementationOnce(() => void machine.waits.begin('bus', 'disk', 'a command'))

    restoreSnapshot(machine, state)

    expect(machine.waits.report()).toEqual(['bus waits for disk (a command)'])
  })

  test('brings memory, devices and time onto a machine that was composed anew', () => {
    const { machine, memory } = build()
    memory.memory.write(0x1_0003n, Uint8Array.of(1, 2, 3))
    machine.run({ until: 7n })
    const other = build()
    other.memory.memory.write(0n, Uint8Array.of(9))

    restoreSnapshot(other.machine, takeSnapshot(machine))

    expect(takeSnapshot(other.machine)).toEqual(takeSnapshot(machine))
    expect(other.machine.now).toBe(7n)
  })

  test('unplugs what it has not and has plugged what lacks, bridges first', () => {
    const { machine, bus } = build()
    machine.unplug(bus)
    const late = machine.plug(new Plain('late'))
    machine.plug(new Plain('card'), { parent: late })
    const snapshot = takeSnapshot(machine)
    const other = build()
    const asked: string[] = []

    restoreSnapshot(other.machine, snapshot, {
      replug: (path, into) => {
        asked.push(path)
        const parent = [...into.devices()].find((device) => device.path === 'late')
        into.plug(new Plain(path.replace('late/', '')), parent === undefined ? {} : { parent })
      },
    })

    expect(asked).toEqual(['late', 'late/card'])
    expect(Array.from(other.machine.devices(), ({ path }) => path)).toEqual(['late', 'late/card'])
  })

  test('of other devices is refused and named, with nothing changed', () => {
    const { machine, bus } = build()
    const full = takeSnapshot(machine)
    machine.unplug(bus)
    machine.run({ until: 9n })
    const empty = takeSnapshot(machine)

    expect(() => restoreSnapshot(machine, full)).toThrow(
      "the snapshot is of another composition than machine 'pc': a device at 'bus' is 'bus' there and missing here",
    )
    expect(() => restoreSnapshot(build().machine, empty)).toThrow("a device at 'bus' is missing there and 'bus' here")
    expect(machine.now).toBe(9n)
  })

  test('of another device at the same place is refused, and the right one is plugged where that can be', () => {
    const { machine } = build()
    const other = build()
    const replug = (path: string, into: Machine) => {
      into.plug(new Plain('disk'), { parent: into.topDevices[0] as Device, at: path.replace('bus/', '') })
    }
    other.machine.unplug(other.bus.children[0] as Device)
    const net = other.machine.plug(new Plain('net'), { parent: other.bus, at: 'disk' })

    expect(() => restoreSnapshot(other.machine, takeSnapshot(machine))).toThrow(
      "a device at 'bus/disk' is 'disk' there and 'net' here",
    )
    restoreSnapshot(other.machine, takeSnapshot(machine), { replug })
    expect([net.machine, other.bus.children.map(({ name }) => name)]).toEqual([undefined, ['disk']])
  })

  test('of other memories is refused and named, with nothing changed', () => {
    const small = build()
    small.memory.memory.write(0n, Uint8Array.of(1))
    const more = build()
    more.machine.map(0x100_0000n, ram('zram', 4n * KiB))
    const before = takeSnapshot(small.machine)

    const large = () => restoreSnapshot(small.machine, takeSnapshot(build(256n * KiB).machine))
    const further = () => restoreSnapshot(small.machine, takeSnapshot(more.machine))

    expect(large).toThrow("memory 0 is 'ram' of 0x40000 bytes there and 'ram' of 0x20000 bytes here")
    expect(further).toThrow("memory 1 is 'zram' of 0x1000 bytes there and none here")
    expect(takeSnapshot(small.machine)).toEqual(before)
  })

  test('of regions elsewhere is refused and names the first', () => {
    const moved = new Machine('pc')
    moved.map(0x4000n, ram('ram', 128n * KiB))
    moved.plug(new Plain('disk'), { parent: moved.plug(new Plain('bus')) })

    expect(() => restoreSnapshot(moved, takeSnapshot(build().machine))).toThrow(
      "region 1 is memory:/ ram 'ram' 0x0+0x20000 priority 0 there and memory:/ ram 'ram' 0x4000+0x20000 priority 0 here",
    )
  })

  test.each([
    [
      'another region',
      (other: Machine) => other.map(0x100_0000n, new ContainerRegion('more', 4n * KiB)),
      'snapshot.foreign',
    ],
    ['a device that throws', breakBus, 'test.broken'],
  ])('of a composition with %s is refused with nothing changed', (_what, change, code) => {
    const { machine, memory } = build()
    memory.memory.write(0n, Uint8Array.of(1))
    machine.run({ until: 7n })
    const other = build()
    other.memory.memory.write(0x1_0000n, Uint8Array.of(9))
    other.machine.run({ until: 3n })
    const before = takeSnapshot(other.machine)
    change(other.machine)

    expect(() => restoreSnapshot(other.machine, takeSnapshot(machine))).toThrow(codeOf(code))

    expect(takeSnapshot(other.machine)).toEqual({ ...before, composition: takeSnapshot(other.machine).composition })
  })

  test('says so where it is refused half-way by a machine that could not be saved before', () => {
    const { machine } = build()
    machine.event('beat', () => {})
    machine.queue.schedule(
      machine.event('second', () => {}),
      5,
    )
    const other = build()
    other.machine.run({ events: 0 })
    other.machine.after(9n, () => {}, { name: 'late' })

    expect(() => restoreSnapshot(other.machine, takeSnapshot(machine))).toThrow(
      expect.objectContaining({
        code: 'snapshot.half-restored',
        message: expect.stringMatching(/event 'second' waits in it .* while event 'late' waits for 9/),
        cause: codeOf('machine.state'),
      }),
    )
  })

  test('says so where a machine that refuses it cannot be brought back either', () => {
    const { machine, bus } = build()
    const snapshot = takeSnapshot(machine)
    vi.spyOn(bus, 'restore').mockImplementation(() => {
      throw new TypeError('broken')
    })

    expect(() => restoreSnapshot(machine, snapshot)).toThrow(
      expect.objectContaining({
        code: 'snapshot.half-restored',
        cause: expect.objectContaining({
          code: 'machine.state',
          message: "'bus' cannot take up its state (TypeError: broken): plug the device that was saved",
        }),
      }),
    )
  })

  test('is seen by reads that have found their place before', () => {
    const { machine, memory } = build(16n * GiB)
    memory.memory.write(1n * GiB, Uint8Array.of(1))
    memory.memory.write(9n * GiB, Uint8Array.of(9))
    const snapshot = takeSnapshot(machine)
    const byte = new Uint8Array(1)
    const read = (): number[] =>
      [0n, 1n, 9n].map((at) => {
        machine.space.read(at * GiB, byte)
        return byte[0] as number
      })
    machine.space.write(0n, Uint8Array.of(5))
    machine.space.write(9n * GiB, Uint8Array.of(6))
    read()

    restoreSnapshot(machine, snapshot)

    expect(read()).toEqual([0, 1, 9])
  })

  test('marks the memory that it changes as written, where somebody logs it', () => {
    const { machine, memory } = build()
    const snapshot = takeSnapshot(machine)
    memory.memory.write(0x1_0000n, Uint8Array.of(1))
    setLogging(memory, true)
    memory.dirty.clearRange(0, 31, DirtyClient.vga)

    restoreSnapshot(machine, snapshot)

    const isDirty = [0x0f, 0x10, 0x1f].map((page) => memory.dirty.bits(DirtyClient.vga).has(page))
    expect(isDirty).toEqual([false, true, true])
  })

  test('cannot be taken nor restored from inside an event', () => {
    const { machine } = build()
    const snapshot = takeSnapshot(machine)
    machine.at(1n, () => takeSnapshot(machine))
    machine.at(2n, () => restoreSnapshot(machine, snapshot))

    expect(() => machine.run()).toThrow(codeOf('machine.running'))
    expect(() => machine.run()).toThrow(codeOf('machine.running'))
  })
})
