import { Notifier, NotifierFlag, type ReplayResult } from '@hostbridge/core/iommu'
import { type AddressSpace, MemTx, Permission, type PermissionBits } from '@hostbridge/core/memory'
import { DmaEngine } from '@hostbridge/devices/endpoints'
import type { SpaprHostBridge, TceTable } from '@hostbridge/devices/spapr'
import { type Host, VfioPciDevice } from '@hostbridge/devices/vfio'

/** What a hotplug onto a guest's existing mappings came to. */
export interface HotplugCheck extends ReplayResult {
  /** Whether every mapped page was reached through the host's table as the guest permits it, and the table was empty again. */
  readonly verified: boolean
  /** DMA accesses that were made, the forbidden ones, which must fail, among them. */
  readonly accesses: number
  /** What went wrong, one line each, the first few. */
  readonly faults: readonly string[]
}

/** One page of the guest's IOMMU, as addresses on the bus and in guest memory. */
interface MappedPage {
  readonly iova: bigint
  readonly target: bigint
  readonly size: bigint
  readonly permission: PermissionBits
}

const WORD = 8
const MAX_FAULTS = 10

/**
 * Plugs a VFIO device into a free slot, does DMA to the first and the last bytes of every page that is mapped in any window,
 * unplugs it, and looks whether the host's table is empty again. The guest's memory is left as it was.
 *
 * What the device reads must be what the CPU sees at the page's target and the other way round, so a page that the host
 * maps to a wrong place is found, not only one that it misses.
 */
export function checkHotplug(host: Host, phb: SpaprHostBridge): HotplugCheck {
  const card = host.plug('0000:01:00.0', new DmaEngine({ name: 'card' }))
  try {
    const device = phb.plug('00:1f.0', new VfioPciDevice(card))
    const { replay, container } = device
    const check = new DmaCheck(card, phb.window.target)
    for (const page of phb.windows.active.flatMap(mappedPages)) check.page(page)
    phb.unplug(device)
    const left = container?.table.entries
    if (left !== 0) check.fault(`${left} entries are left in the host's table`)
    return { ...replay, verified: check.faults.length === 0, accesses: check.accesses, faults: check.faults }
  } finally {
    host.unplug(card)
  }
}

/** The pages that are mapped in a table, entry by entry, with their addresses on the bus. */
function mappedPages(table: TceTable): MappedPage[] {
  const start = table.window?.busOffset ?? 0n
  const pages: MappedPage[] = []
  const notifier = new Notifier({
    flags: NotifierFlag.map,
    form: 'entries',
    notify: ({ iova, translatedAddress, size, permission }): undefined => {
      pages.push({ iova: start + iova, target: translatedAddress, size, permission })
    },
  })
  table.replay(notifier)
  return pages
}

/** DMA of a card, held against what the CPU sees. */
class DmaCheck {
  accesses = 0
  readonly faults: string[] = []
  readonly #card: DmaEngine
  readonly #memory: AddressSpace
  readonly #saved = new Uint8Array(WORD)
  readonly #seen = new Uint8Array(WORD)
  readonly #pattern = new Uint8Array(WORD)
  #next = 1

  constructor(card: DmaEngine, memory: AddressSpace) {
    this.#card = card
    this.#memory = memory
  }

  page(page: MappedPage): void {
    for (const offset of [0n, page.size - BigInt(WORD)]) this.#word(page, offset)
  }

  fault(what: string): void {
    if (this.faults.length < MAX_FAULTS) this.faults.push(what)
  }

  #word({ iova, target, permission }: MappedPage, offset: bigint): void {
    const bus = iova + offset
    const memory = target + offset
    this.#memory.read(memory, this.#saved)
    this.#memory.write(memory, this.#newPattern())
    this.#expect(bus, 'read', (permission & Permission.read) !== 0, () => {
      const { result, bytes } = this.#card.read(bus, WORD)
      return result === MemTx.ok && same(bytes, this.#pattern)
    })
    const pattern = this.#newPattern()
    this.#expect(bus, 'write', (permission & Permission.write) !== 0, () => {
      const result = this.#card.write(bus, pattern)
      this.#memory.read(memory, this.#seen)
      return result === MemTx.ok && same(this.#seen, pattern)
    })
    this.#memory.write(memory, this.#saved)
  }

  #expect(bus: bigint, access: string, permitted: boolean, succeeds: () => boolean): void {
    this.accesses++
    if (succeeds() === permitted) return
    const wrong = permitted ? 'does not reach what the guest mapped' : 'is not stopped'
    this.fault(`the ${access} at 0x${bus.toString(16)} ${wrong}`)
  }

  /** Eight bytes that no earlier access has used. */
  #newPattern(): Uint8Array {
    new DataView(this.#pattern.buffer).setFloat64(0, this.#next++)
    return this.#pattern
  }
}

function same(a: Uint8Array, b: Uint8Array): boolean {
  return a.every((byte, index) => byte === b[index])
}
