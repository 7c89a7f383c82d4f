import { Device, type DeviceState, type InterruptLine, type Machine } from '@hostbridge/core/machine'
import { MemTx, mmio } from '@hostbridge/core/memory'

/** A wire that rings at another machine; a lockstep run's `Doorbell` is one. */
export interface BellWire {
  ring(value: number): void
  onRing: ((value: number) => void) | undefined
}

export interface DoorbellDeviceOptions {
  /** `doorbell` unless told. */
  readonly name?: string
  /** Where its registers are in system memory. */
  readonly address: bigint
  readonly bell: BellWire
}

/** Registers of 4 bytes, by offset. */
export const DoorbellRegister = {
  /** A write rings at the other machine. */
  ring: 0,
  /** The number that the other machine has rung with last. */
  value: 4,
  /** How often it has rung since the last acknowledgement; a write acknowledges, and the interrupt falls. */
  rings: 8,
} as const

const SIZE = 16n

/** An inter-machine doorbell: a register here raises an interrupt there. */
export class DoorbellDevice extends Device {
  readonly irq: InterruptLine
  readonly #address: bigint
  readonly #bell: BellWire
  #value = 0
  #rings = 0

  constructor({ name = 'doorbell', address, bell }: DoorbellDeviceOptions) {
    super(name)
    this.irq = this.interruptLine('irq')
    this.#address = address
    this.#bell = bell
    bell.onRing = (value) => this.#hear(value)
  }

  override resetEnter(): void {
    this.#value = 0
    this.#rings = 0
  }

  override save(): DeviceState {
    return { ...super.save(), value: this.#value, rings: this.#rings }
  }

  override restore(state: DeviceState): void {
    super.restore(state)
    this.#value = state.value as number
    this.#rings = state.rings as number
  }

  protected override onPlug(machine: Machine): void {
    const ops = {
      valid: { min: 4, max: 4 },
      impl: { min: 4, max: 4 },
      read: (offset: number) => this.#read(offset),
      write: (offset: number, value: number) => this.#write(offset, value),
    } as const
    machine.map(this.#address, mmio(this.name, SIZE, ops))
  }

  #read(offset: number): number {
    if (offset === DoorbellRegister.value) return this.#value
    return offset === DoorbellRegister.rings ? this.#rings : 0
  }

  #write(offset: number, value: number): typeof MemTx.ok {
    if (offset === DoorbellRegister.ring) this.#bell.ring(value)
    if (offset === DoorbellRegister.rings) {
      this.#rings = 0
      this.irq.lower()
    }
    return MemTx.ok
  }

  #hear(value: number): void {
    if (this.machine === undefined) return
    this.#value = value
    this.#rings++
    this.irq.raise()
  }
}
