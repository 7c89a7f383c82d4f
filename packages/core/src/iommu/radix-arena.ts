import { HostbridgeError } from '../errors.ts'
import {
  ENTRIES_FLOAT64,
  FREE,
  FREE_COUNT,
  MAGIC,
  MAGIC_VALUE,
  NEXT_FREE,
  NODE_BYTES,
  NODE_WORDS,
  ROOT_NODE,
  USED,
} from './radix-layout.ts'

const FIRST_NODES = 8
const GROWTH_LIMIT = 2 ** 26

/** Word numbers stay below 2^31, the numbers that a JIT calculates with fastest. */
const MOST_BYTES = 2 ** 33

/** Is told of a node before it changes. */
export interface NodeSaver {
  save(node: number): void
}

/**
 * The nodes of a radix table in one growable SharedArrayBuffer.
 *
 * Views have a fixed length, because views that follow the buffer's length are slow; after growth they are made anew. A
 * reader in another thread calls {@link reach} for every node number that it comes to.
 */
export class RadixArena {
  readonly buffer: SharedArrayBuffer
  words: Int32Array
  /** Nodes that the views reach. */
  nodes = 0
  #floats: Float64Array

  private constructor(buffer: SharedArrayBuffer) {
    this.buffer = buffer
    this.words = new Int32Array(0)
    this.#floats = new Float64Array(0)
    this.refresh()
  }

  /** Makes an arena with an empty root. @throws HostbridgeError `iommu.table-size` where not even that fits. */
  static create(maxBytes: number): RadixArena {
    const maxNodes = Math.floor(Math.min(maxBytes, MOST_BYTES) / NODE_BYTES)
    if (!(maxNodes >= 2)) {
      throw new HostbridgeError(
        'iommu.table-size',
        `a page table of at most ${maxBytes} bytes has no room for its root`,
        {
          maxBytes,
          least: 2 * NODE_BYTES,
        },
      )
    }
    const options = { maxByteLength: maxNodes * NODE_BYTES }
    const arena = new RadixArena(new SharedArrayBuffer(Math.min(FIRST_NODES, maxNodes) * NODE_BYTES, options))
    arena.words[MAGIC] = MAGIC_VALUE
    arena.words[USED] = ROOT_NODE + 1
    return arena
  }

  /** @throws HostbridgeError `iommu.source` for a buffer that holds no radix table. */
  static attach(buffer: SharedArrayBuffer): RadixArena {
    const arena = new RadixArena(buffer)
    if (arena.words[MAGIC] !== MAGIC_VALUE) {
      throw new HostbridgeError('iommu.source', 'the buffer holds no radix page table: pass on what source() returned')
    }
    return arena
  }

  /** Nodes used so far, the header and free ones included: everything behind them is zero. */
  get used(): number {
    return this.words[USED] as number
  }

  get entries(): number {
    return this.#floats[ENTRIES_FLOAT64] as number
  }

  set entries(count: number) {
    this.#floats[ENTRIES_FLOAT64] = count
  }

  /** Sees to it that the next `count` calls of {@link take} succeed; false where the arena cannot grow so far. */
  reserve(count: number): boolean {
    while (this.nodes - this.used + (this.words[FREE_COUNT] as number) < count) {
      if (!this.#grow()) return false
    }
    return true
  }

  /** Takes a zeroed node, 0 where the arena is full. */
  take(saver: NodeSaver): number {
    const free = this.words[FREE] as number
    if (free !== 0) {
      saver.save(free)
      this.words[FREE] = this.words[free * NODE_WORDS + NEXT_FREE] as number
      this.words[FREE_COUNT]!--
      this.words[free * NODE_WORDS + NEXT_FREE] = 0
      return free
    }
    const node = this.used
    if (node >= this.nodes && !this.#grow()) return 0
    this.words[USED] = node + 1
    return node
  }

  /** Zeroes a node and keeps it for the next {@link take}. */
  give(node: number, saver: NodeSaver): void {
    saver.save(node)
    this.words.fill(0, node * NODE_WORDS, (node + 1) * NODE_WORDS)
    this.words[node * NODE_WORDS + NEXT_FREE] = this.words[FREE] as number
    this.words[FREE] = node
    this.words[FREE_COUNT]!++
  }

  /** Sees to it that the views reach `node`, which another thread may have made. */
  reach(node: number): void {
    if (node >= this.nodes) this.refresh()
  }

  refresh(): void {
    const length = this.buffer.byteLength
    this.words = new Int32Array(this.buffer, 0, length / 4)
    this.#floats = new Float64Array(this.buffer, 0, length / 8)
    this.nodes = length / NODE_BYTES
  }

  #grow(): boolean {
    const { byteLength, maxByteLength } = this.buffer
    if (byteLength >= maxByteLength) return false
    const more = Math.floor(Math.min(byteLength, GROWTH_LIMIT) / NODE_BYTES) * NODE_BYTES
    try {
      this.buffer.grow(Math.min(byteLength + more, maxByteLength))
    } catch {
      return false // The host has no more memory: the table is as full as at its own limit.
    }
    this.refresh()
    return true
  }
}
