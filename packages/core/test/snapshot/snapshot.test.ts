import { describe, expect, test } from 'vitest'
import { KiB } from '../../src/address/units.ts'
import { Device } from '../../src/machine/device.ts'
import { Machine } from '../../src/machine/machine.ts'
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

const codeOf = (code: string) => expect.objectContaining({ code })

describe('a snapshot', () => {
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
      "the snapshot is of another composition than machine 'pc': a device at 'bus' is plugged there and missing here",
    )
    expect(() => restoreSnapshot(build().machine, empty)).toThrow("a device at 'bus' is missing there and plugged here")
    expect(machine.now).toBe(9n)
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

  test('cannot be taken nor restored from inside an event', () => {
    const { machine } = build()
    const snapshot = takeSnapshot(machine)
    machine.at(1n, () => takeSnapshot(machine))
    machine.at(2n, () => restoreSnapshot(machine, snapshot))

    expect(() => machine.run()).toThrow(codeOf('machine.running'))
    expect(() => machine.run()).toThrow(codeOf('machine.running'))
  })
})
