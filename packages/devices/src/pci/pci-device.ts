import { HostbridgeError } from '@hostbridge/core'
import { Device, type DmaFault, type Machine } from '@hostbridge/core/machine'
import { MemTx, type MemTxAttrs, type MemTxResult, NO_ATTRS, Permission } from '@hostbridge/core/memory'
import type { PciSlot } from './slot.ts'

/**
 * A PCI function: a device in a slot of a bus, with DMA through that bus.
 *
 * A bus puts it into its slot before `onPlug` runs, so that `onPlug` can attach to the slot's DMA address space; what it
 * throws reaches whoever plugs, and the slot is empty again.
 */
export abstract class PciDevice extends Device {
  #slot: PciSlot | undefined
  #attrs: MemTxAttrs = NO_ATTRS

  /** Where the function sits, while it sits anywhere. */
  get slot(): PciSlot | undefined {
    return this.#slot
  }

  /** The machine whose time the function lives in: its own, or of whoever a host has passed it to. */
  get timeline(): Machine | undefined {
    return this.machine ?? this.#slot?.machine
  }

  /** Puts the function into a slot; only a bus does this. @throws HostbridgeError `pci.already-plugged`. */
  enterSlot(slot: PciSlot): void {
    if (this.#slot !== undefined) {
      throw new HostbridgeError(
        'pci.already-plugged',
        `'${this.name}' cannot be plugged at ${slot.name}: it is at ${this.#slot.name}; unplug it there first`,
        { device: this.name, slot: slot.name, taken: this.#slot.name },
      )
    }
    this.#slot = slot
    this.#attrs = { requester: slot.requester }
  }

  /** Takes the function out of its slot, if that is where it is; only a bus does this. */
  leaveSlot(slot: PciSlot): void {
    if (this.#slot !== slot) return
    this.#slot = undefined
    this.#attrs = NO_ATTRS
  }

  /**
   * Reads guest memory as the function's DMA does; bytes that cannot be read are 0. A failure is in {@link faults}.
   *
   * @throws HostbridgeError `pci.not-plugged`.
   */
  dmaRead(iova: bigint, into: Uint8Array): MemTxResult {
    const slot = this.#plugged('read', iova)
    const result = slot.dma.read(iova, into, this.#attrs)
    if (result !== MemTx.ok) this.#fail(slot, 'read', iova, into.length, result)
    return result
  }

  /** Writes guest memory as {@link dmaRead} reads it; bytes that cannot be written are dropped. */
  dmaWrite(iova: bigint, from: Uint8Array): MemTxResult {
    const slot = this.#plugged('write', iova)
    const result = slot.dma.write(iova, from, this.#attrs)
    if (result !== MemTx.ok) this.#fail(slot, 'write', iova, from.length, result)
    return result
  }

  override recordFault(fault: Omit<DmaFault, 'time'>): DmaFault {
    if (this.machine !== undefined) return super.recordFault(fault)
    const machine = this.timeline
    const record: DmaFault = { ...fault, time: machine?.now ?? 0n }
    this.faults.record(record)
    machine?.events.emit('fault', this, record)
    return record
  }

  #plugged(access: 'read' | 'write', iova: bigint): PciSlot {
    if (this.#slot !== undefined) return this.#slot
    throw new HostbridgeError(
      'pci.not-plugged',
      `'${this.name}' has no bus to ${access} memory through: plug it first`,
      {
        device: this.name,
        access,
        iova,
      },
    )
  }

  #fail(slot: PciSlot, access: 'read' | 'write', iova: bigint, length: number, result: MemTxResult): void {
    const wanted = access === 'read' ? Permission.read : Permission.write
    const fault = slot.dma.explain(iova, length, wanted, this.#attrs)
    this.recordFault({
      requester: slot.requester,
      iova: fault?.address ?? iova,
      access,
      reason: fault?.reason ?? `the target answered with result ${result}`,
    })
  }
}
