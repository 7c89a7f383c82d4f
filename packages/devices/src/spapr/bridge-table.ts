import { HostbridgeError } from '@hostbridge/core'
import type { PciBus, PciDevice } from '../pci/index.ts'
import type { DmaWindows } from './dma-windows.ts'
import type { DrConnectors } from './dr-connectors.ts'

/** What the firmware's calls need of a host bridge. */
export interface FirmwareBridge {
  readonly name: string
  /** The bus unit id, which calls name it by (PH-1). */
  readonly buid: bigint
  readonly bus: PciBus
  readonly windows: DmaWindows
  /** Whether windows beside the default one may be asked for (`ddw`). */
  readonly dynamicWindows: boolean
  /** The connectors of its bus, if functions may come and go while the machine runs. */
  readonly connectors?: DrConnectors | undefined
}

/** The host bridges of a machine by bus unit id. */
export class BridgeTable {
  readonly #bridges = new Map<bigint, FirmwareBridge>()

  /** Returns what takes the bridge out again. @throws HostbridgeError `spapr.buid` where another has its id (PH-1). */
  add(bridge: FirmwareBridge): () => void {
    const other = this.#bridges.get(bridge.buid)
    if (other !== undefined) {
      throw new HostbridgeError(
        'spapr.buid',
        `'${bridge.name}' cannot be plugged: '${other.name}' has bus unit id 0x${bridge.buid.toString(16)}; give it an index of its own`,
        { bridge: bridge.name, other: other.name, buid: bridge.buid },
      )
    }
    this.#bridges.set(bridge.buid, bridge)
    return () => {
      this.#bridges.delete(bridge.buid)
    }
  }

  /** The bridge that two cells of a call name. */
  find(high: number, low: number): FirmwareBridge | undefined {
    return this.#bridges.get((BigInt(high) << 32n) | BigInt(low))
  }

  /** The function that a configuration address names on a bridge: bus 23..16, device and function 15..8 (RT-4). */
  functionOf(bridge: FirmwareBridge | undefined, address: number): PciDevice | undefined {
    return bridge?.bus.find((address >>> 16) & 0xff, (address >>> 8) & 0xff)
  }

  [Symbol.iterator](): IterableIterator<FirmwareBridge> {
    return this.#bridges.values()
  }
}
