import { HostbridgeError } from '@hostbridge/core'
import { ADDRESS_SPACE_SIZE, GiB, hex } from '@hostbridge/core/address'
import { Device, type DeviceState, type InterruptLine, type Machine, type RestoreStage } from '@hostbridge/core/machine'
import { alias, ContainerRegion } from '@hostbridge/core/memory'
import { INTX_WIRES, PciBus, type PciBusOptions, type PciDevice } from '../pci/index.ts'
import { ecamRegion } from './ecam-region.ts'
import { MsiDoorbell } from './msi-doorbell.ts'
import { MOST_BUSES, VIRT_WINDOWS } from './spec/ecam.ts'

/** Addresses of the bus that system memory shows. */
export interface EcamWindow {
  /** First address in system memory. */
  readonly address: bigint
  /** First address on the bus; the same unless told. */
  readonly bus?: bigint
  readonly size: bigint
}

export interface EcamHostOptions {
  /** `pcie` unless told. */
  readonly name?: string
  /** Where configuration space is in system memory, and for how many bus numbers, 1 to 256. */
  readonly ecam?: { readonly address: bigint; readonly buses?: number }
  /** Memory below 4 GiB on the bus. */
  readonly memory32?: EcamWindow
  /** Memory anywhere; `false` for none. */
  readonly memory64?: EcamWindow | false
  /** I/O addresses, from 0 on the bus unless told; `false` for none. */
  readonly io?: EcamWindow | false
  /** Where the DMA of the functions goes; system memory unless told (PC-4). */
  readonly dma?: PciBusOptions['dma']
  /** Whether the IOMMU is passed by (PC-4). */
  readonly bypassIommu?: boolean
  /** Where functions store their messages; whatever is in system memory unless told. */
  readonly doorbell?: { readonly address: bigint; readonly size?: bigint }
  /** Whether a BAR may lie at address 0; not unless told (PC-6). */
  readonly zeroAllowed?: boolean
}

const DOORBELL_SIZE = 0x1000n
const IO_SPACE = 4n * GiB

/**
 * A PCI Express host bridge that a generic driver knows: configuration space in memory, windows for memory and I/O, four wires.
 * Windows are where QEMU's `virt` machine has them unless told; the bus exists while it is plugged.
 */
export class EcamHost extends Device {
  /** Messages that functions store to the doorbell, where there is one. */
  readonly msi: MsiDoorbell = new MsiDoorbell()
  /** The four interrupt wires of the bus. */
  readonly wires: readonly InterruptLine[]
  /** Bus numbers that configuration space has room for. */
  readonly buses: number
  readonly #options: EcamHostOptions
  #bus: PciBus | undefined

  /** @throws HostbridgeError `ecam.buses`, `ecam.window`. */
  constructor(options: EcamHostOptions = {}) {
    super(options.name ?? 'pcie')
    this.#options = options
    this.buses = options.ecam?.buses ?? VIRT_WINDOWS.ecam.buses
    if (!Number.isInteger(this.buses) || this.buses < 1 || this.buses > MOST_BUSES) {
      const message = `'${this.name}' cannot have configuration space for ${this.buses} buses: 1 to ${MOST_BUSES}`
      throw new HostbridgeError('ecam.buses', message, { bridge: this.name, buses: this.buses })
    }
    this.#check32()
    this.wires = Array.from({ length: INTX_WIRES }, (_, wire) => this.interruptLine(`int${'abcd'[wire]}`))
  }

  get bus(): PciBus {
    if (this.#bus !== undefined) return this.#bus
    const message = `'${this.name}' has no bus: plug it into a machine first`
    throw new HostbridgeError('ecam.not-plugged', message, { bridge: this.name })
  }

  /** The windows that system memory shows, as a driver of the host is told of them. */
  get windows(): {
    readonly ecam: bigint
    readonly memory32: EcamWindow
    readonly memory64?: EcamWindow
    readonly io?: EcamWindow
  } {
    const { ecam = VIRT_WINDOWS.ecam, memory32 = VIRT_WINDOWS.memory32 } = this.#options
    const { memory64 = VIRT_WINDOWS.memory64, io = { ...VIRT_WINDOWS.io, bus: 0n } } = this.#options
    return {
      ecam: ecam.address,
      memory32,
      ...(memory64 !== false && { memory64 }),
      ...(io !== false && { io: { bus: 0n, ...io } }),
    }
  }

  /** Plugs a function at an address such as `00:01.0` and returns it; see {@link PciBus.plug}. */
  plug<D extends PciDevice>(address: string, device: D): D {
    return this.bus.plug(address, device)
  }

  unplug(device: PciDevice): void {
    this.bus.unplug(device)
  }

  /** What sits on its bus follows its wires. */
  override get restoreStage(): RestoreStage {
    return 'iommu'
  }

  override restore(state: DeviceState): void {
    super.restore(state)
    this.bus.wires.restore()
  }

  protected override onPlug(machine: Machine): void {
    const { ecam, memory32, memory64, io } = this.windows
    const memory = new ContainerRegion(`${this.name} memory`, ADDRESS_SPACE_SIZE)
    const ports = new ContainerRegion(`${this.name} io`, IO_SPACE)
    const { dma, bypassIommu, zeroAllowed, doorbell } = this.#options
    const bus = new PciBus({
      name: this.name,
      bridge: this,
      memory,
      io: ports,
      express: true,
      interrupt: (wire, raised) => this.wires[wire]?.set(raised),
      ...(dma !== undefined && { dma }),
      ...(bypassIommu !== undefined && { bypassIommu }),
      ...(zeroAllowed !== undefined && { zeroAllowed }),
    })
    // A register that is written may send a message, whose listener may read registers.
    const owned = { reentrant: true } as const
    machine.map(ecam, ecamRegion(`${this.name} ecam`, bus, this.buses).ownedBy(this, owned))
    const show = (name: string, target: ContainerRegion, { address, bus: first = address, size }: EcamWindow): void => {
      machine.map(address, alias(`${this.name} ${name}`, target, { offset: first, size }))
    }
    show('mmio32', memory, memory32)
    if (memory64 !== undefined) show('mmio64', memory, memory64)
    if (io !== undefined) show('pio', ports, io)
    if (doorbell !== undefined) {
      const { address, size = DOORBELL_SIZE } = doorbell
      machine.map(address, this.msi.makeRegion(`${this.name} msi`, size).ownedBy(this, owned))
    }
    this.#bus = bus
    this.onRelease(() => {
      this.#bus = undefined
    })
  }

  #check32(): void {
    const { address, bus = address, size } = this.windows.memory32
    if (bus + size <= 4n * GiB) return
    throw new HostbridgeError(
      'ecam.window',
      `the 32-bit window of '${this.name}' cannot show ${hex(size)} bytes from ${hex(bus)} on the bus: they end above 4 GiB; ` +
        'what is larger goes into the 64-bit one',
      { bridge: this.name, bus, size },
    )
  }
}
