import { HostbridgeError } from '../errors.ts'
import type { NodeSaver, RadixArena } from './radix-arena.ts'
import { NODE_WORDS, USED } from './radix-layout.ts'

/** Words of the arena's header that change. */
const HEADER_WORDS = 8

/** Copies that are kept for the next transaction. */
const MOST_SPARES = 64

interface Mark {
  readonly id: number
  readonly header: Int32Array
  /** How many nodes had been saved before. */
  readonly saved: number
}

interface SavedNode {
  readonly node: number
  readonly copy: Int32Array
  /** The mark for which the node had been saved before this copy. */
  readonly previous: number
}

/**
 * Remembers what the nodes of a radix table were, so that a transaction can be taken back byte for byte.
 *
 * A node is copied before it changes for the first time after a mark; nodes that were unused at the mark are zeroed instead.
 * Marks nest. Nothing is copied while there is none.
 */
export class RadixJournal implements NodeSaver {
  readonly #arena: RadixArena
  readonly #marks: Mark[] = []
  readonly #saved: SavedNode[] = []
  readonly #spares: Int32Array[] = []
  /** For each node, the newest mark for which it is saved. */
  #savedFor: Float64Array = new Float64Array(0)
  #marksMade = 0
  /** The innermost mark, 0 where there is none; nodes from `#fresh` on were unused at it. */
  #mark = 0
  #fresh = 0

  constructor(arena: RadixArena) {
    this.#arena = arena
  }

  /** How many transactions are open. */
  get depth(): number {
    return this.#marks.length
  }

  save(node: number): void {
    if (this.#mark === 0 || node >= this.#fresh) return
    if (node >= this.#savedFor.length) this.#growMarks()
    const previous = this.#savedFor[node] as number
    if (previous >= this.#mark) return
    const copy = this.#spares.pop() ?? new Int32Array(NODE_WORDS)
    copy.set(this.#arena.words.subarray(node * NODE_WORDS, (node + 1) * NODE_WORDS))
    this.#saved.push({ node, copy, previous })
    this.#savedFor[node] = this.#mark
  }

  begin(): void {
    const header = this.#arena.words.slice(0, HEADER_WORDS)
    this.#marks.push({ id: ++this.#marksMade, header, saved: this.#saved.length })
    this.#enterInnermost()
  }

  /** Keeps what has been done since the innermost {@link begin}, as part of the transaction around it. */
  commit(): void {
    this.#leave()
    if (this.#marks.length > 0) return
    for (const { copy } of this.#saved) this.#spare(copy)
    this.#saved.length = 0
  }

  /** Makes every byte what it was at the innermost {@link begin}; a buffer that has grown stays long, its end is zero. */
  rollback(): void {
    const { header, saved } = this.#leave()
    const words = this.#arena.words
    while (this.#saved.length > saved) {
      const { node, copy, previous } = this.#saved.pop() as SavedNode
      words.set(copy, node * NODE_WORDS)
      this.#savedFor[node] = previous
      this.#spare(copy)
    }
    // Last, because an inner transaction may have saved nodes that are new to this one.
    words.fill(0, (header[USED] as number) * NODE_WORDS, this.#arena.used * NODE_WORDS)
    words.set(header)
  }

  #leave(): Mark {
    const mark = this.#marks.pop()
    if (mark === undefined) {
      throw new HostbridgeError('iommu.transaction', 'no transaction of the page table is open: call begin() first')
    }
    this.#enterInnermost()
    return mark
  }

  #enterInnermost(): void {
    const mark = this.#marks.at(-1)
    this.#mark = mark?.id ?? 0
    this.#fresh = mark?.header[USED] ?? 0
  }

  #spare(copy: Int32Array): void {
    if (this.#spares.length < MOST_SPARES) this.#spares.push(copy)
  }

  #growMarks(): void {
    const longer = new Float64Array(this.#arena.nodes)
    longer.set(this.#savedFor)
    this.#savedFor = longer
  }
}
