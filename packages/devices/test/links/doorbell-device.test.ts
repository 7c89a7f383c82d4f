import { Machine } from '@hostbridge/core/machine'
import { expect, test } from 'vitest'
import { type BellWire, DoorbellDevice, DoorbellRegister } from '../../src/links/doorbell-device.ts'

const BASE = 0x1000n

function scene(): { machine: Machine; doorbell: DoorbellDevice; bell: BellWire; rung: number[] } {
  const rung: number[] = []
  const bell: BellWire = { ring: (value) => rung.push(value), onRing: undefined }
  const machine = new Machine('pc')
  return { machine, doorbell: machine.plug(new DoorbellDevice({ address: BASE, bell })), bell, rung }
}

function read(machine: Machine, register: number): number {
  const bytes = new Uint8Array(4)
  machine.space.read(BASE + BigInt(register), bytes)
  return new DataView(bytes.buffer).getUint32(0, true)
}

function write(machine: Machine, register: number, value: number): void {
  const bytes = new Uint8Array(4)
  new DataView(bytes.buffer).setUint32(0, value, true)
  machine.space.write(BASE + BigInt(register), bytes)
}

test('a write to its register rings at the other machine with the number written', () => {
  const { machine, rung } = scene()

  write(machine, DoorbellRegister.ring, 0xdead_beef)
  write(machine, DoorbellRegister.value, 1)

  expect(rung).toEqual([0xdead_beef])
})

test('a ring raises the interrupt until it is acknowledged, and tells number and count', () => {
  const { machine, doorbell, bell } = scene()

  bell.onRing?.(5)
  bell.onRing?.(7)

  expect([read(machine, DoorbellRegister.value), read(machine, DoorbellRegister.rings)]).toEqual([7, 2])
  expect(doorbell.irq.raised).toBe(true)
  write(machine, DoorbellRegister.rings, 0)
  expect([read(machine, DoorbellRegister.rings), doorbell.irq.raised]).toEqual([0, false])
})

test('a reset forgets what has been rung, and an unplugged one hears nothing', () => {
  const { machine, doorbell, bell } = scene()
  bell.onRing?.(5)

  machine.reset()
  expect([read(machine, DoorbellRegister.value), doorbell.irq.raised]).toEqual([0, false])
  machine.unplug(doorbell)
  bell.onRing?.(6)

  expect([doorbell.irq.raised, doorbell.save()]).toMatchObject([false, { value: 0 }])
})

test('one that is restored tells number and count of the one that was saved', () => {
  const { doorbell, bell } = scene()
  for (const value of [5, 7]) bell.onRing?.(value)
  const other = scene()

  other.doorbell.restore(structuredClone(doorbell.save()))

  const registers = [DoorbellRegister.value, DoorbellRegister.rings]
  expect(registers.map((register) => read(other.machine, register))).toEqual([7, 2])
})
