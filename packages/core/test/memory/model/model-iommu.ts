import type { ModelSpace } from './model-system.ts'

export interface ModelEntry {
  readonly page: bigint
  readonly permission: number
}

export interface ModelNotifier {
  readonly name: string
  readonly flags: number
  readonly start: bigint
  readonly last: bigint
}

const PAGE = 4096n

/** The mappings of an IOMMU, a page an entry, and those who follow them (sections 3.2 to 3.4). */
export class ModelTable {
  readonly size: bigint
  readonly target: ModelSpace
  readonly entries = new Map<bigint, ModelEntry>()
  /** The newest first (NR-4). */
  notifiers: ModelNotifier[] = []
  readonly #log: string[]

  constructor(size: bigint, target: ModelSpace, log: string[]) {
    this.size = size
    this.target = target
    this.#log = log
  }

  /** What was there goes first, in one event (ND-8). */
  map(first: bigint, pages: bigint, to: bigint, permission: number): void {
    const old = this.#pagesIn(first, pages)
    if (old.length > 0) this.#announceUnmap(first, pages)
    for (let i = 0n; i < pages; i++) this.entries.set(first + i, { page: to + i, permission })
    for (const notifier of this.notifiers) {
      for (let i = 0n; i < pages; i++) this.#tellMap(notifier, first + i)
    }
  }

  unmap(first: bigint, pages: bigint): void {
    const old = this.#pagesIn(first, pages)
    for (const page of old) this.entries.delete(page)
    if (old.length > 0) this.#announceUnmap(first, pages)
  }

  /** What is mapped, ascending, to one notifier alone, filtered and cut to its range (RP-8, RP-9). */
  replay(notifier: ModelNotifier): void {
    for (const page of this.#pagesIn(0n, (this.size + PAGE - 1n) / PAGE)) this.#tellMap(notifier, page)
  }

  #pagesIn(first: bigint, pages: bigint): bigint[] {
    const inside = [...this.entries.keys()].filter((page) => first <= page && page < first + pages)
    return inside.sort((a, b) => (a < b ? -1 : 1))
  }

  #announceUnmap(first: bigint, pages: bigint): void {
    for (const { name, flags, start, last } of this.notifiers) {
      const from = largest(start, first * PAGE)
      const to = smallest(last, (first + pages) * PAGE - 1n)
      if (from <= to && (flags & 1) !== 0) this.#log.push(`${name} unmap ${from.toString(16)}..${to.toString(16)}`)
    }
  }

  /** Cut to the range, the target advanced with the front (ND-3, ND-5). */
  #tellMap({ name, flags, start, last }: ModelNotifier, page: bigint): void {
    const entry = this.entries.get(page)!
    const from = largest(start, page * PAGE)
    const to = smallest(last, page * PAGE + PAGE - 1n)
    if (from > to || (flags & 2) === 0) return
    const target = entry.page * PAGE + (from - page * PAGE)
    const place = `${from.toString(16)}..${to.toString(16)} -> ${target.toString(16)}`
    this.#log.push(`${name} map ${place} permission ${entry.permission}`)
  }
}

function largest(a: bigint, b: bigint): bigint {
  return a > b ? a : b
}

function smallest(a: bigint, b: bigint): bigint {
  return a < b ? a : b
}
