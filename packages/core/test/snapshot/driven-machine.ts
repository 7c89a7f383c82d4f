import { KiB } from '../../src/address/units.ts'
import { Device, type DeviceState } from '../../src/machine/device.ts'
import { Machine } from '../../src/machine/machine.ts'
import { ram } from '../../src/memory/ram-region.ts'
import type { Composed } from '../../src/snapshot/time-travel.ts'
import type { SimEvent } from '../../src/time/event.ts'

/** Ticks every 10, adds up what it is sent, and answers each message 25 later by writing the sum to memory. */
export class Adder extends Device {
  sum = 0
  readonly tick: SimEvent = this.event('tick', () => {
    this.sum++
    this.machine?.queue.schedule(this.tick, this.machine.queue.now + 10)
  })
  readonly answer: SimEvent = this.event('answer', () => {
    this.machine?.space.write(BigInt(this.sum % 64), Uint8Array.of(this.sum))
  })

  send(value: number): void {
    this.sum += value
    const { queue } = this.machine as Machine
    queue.reschedule(this.answer, queue.now + 25)
  }

  override save(): DeviceState {
    return { sum: this.sum }
  }

  override restore(state: DeviceState): void {
    this.sum = state.sum as number
  }

  protected override onPlug(machine: Machine): void {
    machine.queue.schedule(this.tick, machine.queue.now + 10)
  }
}

export interface Driven extends Composed {
  readonly adder: Adder
}

export function driven(): Driven {
  const machine = new Machine('driven')
  machine.map(0n, ram('ram', 64n * KiB))
  const adder = machine.plug(new Adder('adder'))
  const inputs = {
    send: (value: number) => adder.send(value),
    sendAll: ({ values }: { values: number[] }) => {
      for (const value of values.splice(0)) adder.send(value)
    },
    plug: (name: string) => void machine.plug(new Adder(name)),
  }
  return { machine, adder, inputs }
}
