import type { PciDevice } from '../pci/index.ts'
import type { BridgeTable } from './bridge-table.ts'
import type { InterruptNumbers, InterruptRun } from './interrupt-numbers.ts'
import type { Rtas } from './rtas.ts'
import { MSI_WINDOW } from './spec/host-bridge.ts'
import { ChangeMsi, MsiType, RtasStatus, RtasToken } from './spec/rtas.ts'

/** The interrupt numbers that a function was given, and for which kind of message. */
export interface MsiGrant extends InterruptRun {
  readonly type: (typeof MsiType)[keyof typeof MsiType]
}

const WRONG = [RtasStatus.parameter]
const FAILED = [RtasStatus.hardware]

/** The interrupt numbers of all functions; those of a function are given back when it leaves or is reset. */
export class MsiGrants {
  readonly numbers: InterruptNumbers
  readonly #grants = new Map<PciDevice, MsiGrant>()
  /** Functions whose leaving is watched: once a plug, however often a guest asks. */
  readonly #watched = new Set<PciDevice>()

  constructor(numbers: InterruptNumbers) {
    this.numbers = numbers
  }

  of(device: PciDevice): MsiGrant | undefined {
    return this.#grants.get(device)
  }

  /** Gives `count` numbers in place of those that the function has; `undefined` where there are none left, and it keeps its own. */
  grant(device: PciDevice, type: MsiGrant['type'], count: number): MsiGrant | undefined {
    const align = type === MsiType.msi ? 2 ** Math.ceil(Math.log2(count)) : 1
    const run = this.numbers.allocate(count, align)
    if (run === undefined) return undefined
    this.release(device)
    const grant = { ...run, type }
    this.#hold(device, grant)
    return grant
  }

  release(device: PciDevice): void {
    const grant = this.#grants.get(device)
    if (grant === undefined) return
    this.#grants.delete(device)
    this.numbers.free(grant)
  }

  /** Takes up what a function had in a saved machine. */
  restore(device: PciDevice, grant: MsiGrant): void {
    this.numbers.take(grant)
    this.#hold(device, grant)
  }

  #hold(device: PciDevice, grant: MsiGrant): void {
    this.#grants.set(device, grant)
    if (this.#watched.has(device)) return
    this.#watched.add(device)
    device.onRelease(() => {
      this.#watched.delete(device)
      this.release(device)
    })
  }
}

/** Offers the calls that give interrupt numbers to functions (rules RT-6, RT-7). */
export function offerMsiCalls(rtas: Rtas, bridges: BridgeTable, grants: MsiGrants): void {
  rtas.register(RtasToken.changeMsi, {
    name: 'ibm,change-msi',
    wrongCount: RtasStatus.parameter,
    run: ([address = 0, high = 0, low = 0, kind = 0, count = 0, sequence = 0]) => {
      const device = bridges.functionOf(bridges.find(high, low), address)
      const type = device === undefined ? undefined : typeOf(device, kind)
      if (device === undefined || type === undefined) return WRONG
      if (count === 0) return release(device, grants)
      const most = type === MsiType.msi ? (device.msi?.allocated ?? 0) : (device.msix?.vectors ?? 0)
      if (most === 0) return FAILED
      // The most that there could be is the answer then, and nothing is given.
      if (count <= most && give(device, grants, type, count) === undefined) return FAILED
      // The kind goes to those alone who have a fourth cell for it.
      return [RtasStatus.success, Math.min(count, most), sequence + 1, type]
    },
  })
  rtas.register(RtasToken.queryInterruptSource, {
    name: 'ibm,query-interrupt-source-number',
    wrongCount: RtasStatus.parameter,
    run: ([address = 0, high = 0, low = 0, vector = 0]) => {
      const device = bridges.functionOf(bridges.find(high, low), address)
      if (device === undefined) return WRONG
      const grant = grants.of(device)
      if (grant === undefined || vector >= grant.count) return FAILED
      // 1 says that the interrupt is an edge.
      return [RtasStatus.success, grant.first + vector, 1]
    },
  })
}

function typeOf(device: PciDevice, kind: number): MsiGrant['type'] | undefined {
  const { msi, msix } = device
  if (msi !== undefined && (kind === ChangeMsi.any || kind === ChangeMsi.msi)) return MsiType.msi
  if (msix !== undefined && (kind === ChangeMsi.any || kind === ChangeMsi.msix)) return MsiType.msix
  return undefined
}

function give(device: PciDevice, grants: MsiGrants, type: MsiGrant['type'], count: number): MsiGrant | undefined {
  const grant = grants.grant(device, type, count)
  if (grant === undefined) return undefined
  if (type === MsiType.msi) device.msi?.setMessage(MSI_WINDOW.start, grant.first)
  else for (let index = 0; index < count; index++) device.msix?.setMessage(index, MSI_WINDOW.start, grant.first + index)
  return grant
}

/** Takes a function's numbers back, and the messages that would signal them: others may get the same numbers next. */
function release(device: PciDevice, grants: MsiGrants): readonly number[] {
  const grant = grants.of(device)
  if (grant === undefined) return FAILED
  grants.release(device)
  if (grant.type === MsiType.msi) device.msi?.setMessage(0n, 0)
  else for (let vector = 0; vector < grant.count; vector++) device.msix?.clearMessage(vector)
  return [RtasStatus.success, 0]
}
