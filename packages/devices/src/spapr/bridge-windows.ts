import { HostbridgeError } from '@hostbridge/core'
import { ADDRESS_SPACE_SIZE, hex } from '@hostbridge/core/address'
import type { Machine } from '@hostbridge/core/machine'
import { alias, ContainerRegion } from '@hostbridge/core/memory'
import { IO_SIZE, MEMORY_32, MEMORY_64_SIZE, windowsOf } from './spec/host-bridge.ts'

export interface BridgeWindowsOptions {
  /** Bytes of the 32-bit window, at most 2 GiB (PH-1). */
  readonly memory32Size?: bigint
  /** Bytes of the 64-bit window; 0 for none. */
  readonly memory64Size?: bigint
}

/** A window of system memory that shows addresses of the bus. */
export interface BridgeWindow {
  /** As a device tree numbers kinds of addresses: 1 I/O, 2 memory of 32 bits, 3 memory of 64 bits. */
  readonly kind: 1 | 2 | 3
  /** First address on the bus. */
  readonly bus: bigint
  /** First address in system memory. */
  readonly system: bigint
  readonly size: bigint
}

/** The memory and I/O addresses of a host bridge's bus, and the windows that system memory shows of them (PH-1 to PH-3). */
export class BridgeWindows {
  /** 2^64 bytes, whose first address is 0 on the bus. */
  readonly memory: ContainerRegion
  /** 64 KiB. */
  readonly io: ContainerRegion
  readonly all: readonly BridgeWindow[]
  readonly #name: string

  /** @throws HostbridgeError `spapr.memory-window` where the 32-bit window is larger than 2 GiB. */
  constructor(name: string, index: number, options: BridgeWindowsOptions = {}) {
    const { memory32Size = MEMORY_32.most, memory64Size = MEMORY_64_SIZE } = options
    if (memory32Size <= 0n || memory32Size > MEMORY_32.most) {
      throw new HostbridgeError(
        'spapr.memory-window',
        `'${name}' cannot have a 32-bit window of ${hex(memory32Size)} bytes: at most ${hex(MEMORY_32.most)}; what is larger goes into the 64-bit one`,
        { bridge: name, size: memory32Size },
      )
    }
    const at = windowsOf(index)
    this.#name = name
    this.memory = new ContainerRegion(`${name} memory`, ADDRESS_SPACE_SIZE)
    this.io = new ContainerRegion(`${name} io`, IO_SIZE)
    const windows: BridgeWindow[] = [
      { kind: 1, bus: 0n, system: at.io, size: IO_SIZE },
      { kind: 2, bus: MEMORY_32.start, system: at.memory32, size: memory32Size },
    ]
    if (memory64Size > 0n) windows.push({ kind: 3, bus: at.memory64, system: at.memory64, size: memory64Size })
    this.all = windows
  }

  /** Shows the windows in a machine's system memory; called from `onPlug`, they leave with their bridge. */
  map(machine: Machine): void {
    for (const { kind, bus, system, size } of this.all) {
      const [target, name] = kind === 1 ? [this.io, 'io'] : [this.memory, kind === 2 ? 'mmio32' : 'mmio64']
      machine.map(system, alias(`${this.#name} ${name}`, target, { offset: bus, size }))
    }
  }
}
