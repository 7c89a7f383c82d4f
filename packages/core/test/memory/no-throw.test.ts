import { fc, test } from '@fast-check/vitest'
import { describe, test as example, expect } from 'vitest'
import {
  type AddressSpace,
  alias,
  BlockDiscardManager,
  container,
  IommuRegion,
  letGo,
  type MemoryRegion,
  MemorySystem,
  type MemTxAttrs,
  mmio,
  PortList,
  RamDeviceRegion,
  ram,
  reserved,
  romDevice,
  ScatterList,
  SparseMemory,
  unimplemented,
} from '../../src/memory/index.ts'
import { PagedTranslator } from './paged-translator.ts'
import { RecordingDevice } from './recording-device.ts'

// A guest says where, how much, and with which attributes; what a device does with it may fail, and never throws.

const LAST = 2n ** 64n - 1n

/** Results are these bits, OR-ed. */
const ANY_RESULT = 7

interface Place {
  readonly kind: number
  readonly at: bigint
  readonly size: bigint
  readonly priority: number
  readonly flags: number
}

/** Addresses of a machine: near the ends of pages, of regions, of words, and of everything. */
const address: fc.Arbitrary<bigint> = fc
  .tuple(
    fc.constantFrom(0n, 0x1000n, 0x8000n, 0x1_0000n, 2n ** 31n, 2n ** 32n, 2n ** 53n, 2n ** 63n, LAST - 0xffffn, LAST),
    fc.integer({ min: -9, max: 9 }),
    fc.nat(4),
  )
  .map(([base, wiggle, pages]) => BigInt.asUintN(64, base + BigInt(wiggle) + BigInt(pages) * 0x1000n))

const place: fc.Arbitrary<Place> = fc.record({
  kind: fc.nat(11),
  at: address,
  size: fc.oneof(
    fc.constantFrom(1n, 3n, 7n, 0x1000n, 0x1001n, 0x8000n, 2n ** 32n, 2n ** 53n, 2n ** 64n),
    address.map((size) => size || 1n),
  ),
  priority: fc.integer({ min: -1, max: 1 }),
  flags: fc.nat(63),
})

const attrs: fc.Arbitrary<MemTxAttrs> = fc.record(
  {
    unspecified: fc.boolean(),
    requester: fc.nat(0xffff),
    pid: fc.nat(0xff),
    translated: fc.boolean(),
    secure: fc.boolean(),
    space: fc.nat(3),
    user: fc.boolean(),
    memory: fc.boolean(),
    debug: fc.boolean(),
  },
  { requiredKeys: [] },
)

const access = fc.record({
  kind: fc.nat(18),
  address,
  // Up to 64 KiB.
  length: fc.oneof(fc.nat(17), fc.constantFrom(512, 4095, 4096, 4097, 0x1_0000)),
  value: fc.bigInt({ min: 0n, max: LAST }),
  order: fc.constantFrom('little' as const, 'big' as const, 'native' as const),
  attrs,
})

type Access = typeof access extends fc.Arbitrary<infer T> ? T : never

class Machine {
  readonly space: AddressSpace
  readonly system: MemorySystem
  readonly #root = container('root')
  readonly #iommus: PagedTranslator[] = []

  constructor(places: readonly Place[], endianness: 'little' | 'big') {
    this.system = new MemorySystem('machine', { endianness })
    this.space = this.system.createSpace('memory', this.#root)
    const made: MemoryRegion[] = [this.#root]
    for (const [i, one] of places.entries()) {
      const region = this.#make(`r${i}`, one, made)
      region.setReadonly((one.flags & 3) === 3)
      // Some are below another; what cannot be there is in the root.
      const parent = (one.flags & 4) !== 0 ? made[one.flags % made.length] : undefined
      const into = parent === undefined || parent.target !== undefined ? this.#root : parent
      try {
        into.add(region, one.at, { priority: one.priority })
      } catch {
        // A cycle through an alias.
        continue
      }
      made.push(region)
    }
    for (const [i, translator] of this.#iommus.entries()) {
      translator
        .map(0, i, this.space, 3)
        .map(1, 2 ** 52 - 1, this.space, 3)
        .map(2, 0, this.space, 1, 2)
        .map(4, 4, this.space, 2, 4)
    }
  }

  #make(name: string, { kind, size, flags, at }: Place, made: readonly MemoryRegion[]): MemoryRegion {
    const few = size > 2n ** 53n ? 2n ** 53n : size
    const registers = new RecordingDevice({
      endianness: (flags & 8) !== 0 ? 'big' : 'little',
      ...((flags & 16) !== 0 ? { valid: { min: 2, max: 4, unaligned: (flags & 32) !== 0 } } : {}),
      ...((flags & 1) !== 0
        ? { impl: { min: 1, max: 8 } }
        : (flags & 2) !== 0
          ? { impl: { min: 4, unaligned: true } }
          : {}),
    })
    registers.fail = (offset) => offset & flags & 3
    if (kind <= 1) return ram(name, size, { memory: new SparseMemory(size, { limit: 2 ** 20 }) })
    if (kind === 2) return ram(name, 0x1234n, { bytes: new Uint8Array(0x1234), readonly: (flags & 1) !== 0 })
    if (kind === 3) return mmio(name, few, registers)
    if (kind === 4) return romDevice(name, few, registers)
    if (kind === 5) return new RamDeviceRegion(name, few)
    if (kind === 6) return reserved(name, size)
    if (kind === 7) return unimplemented(name, few)
    if (kind === 8) {
      const target = made[flags % made.length] as MemoryRegion
      return alias(name, target, { offset: at, size })
    }
    if (kind === 9) {
      const translator = new PagedTranslator()
      this.#iommus.push(translator)
      return new IommuRegion(name, size, translator)
    }
    if (kind === 10)
      return new PortList(name, [{ offset: 0, length: 3, size: 2, read: () => 0xabcd }]).regions[0] as MemoryRegion
    return container(name, size)
  }

  /** Makes one access, and says how it went. */
  access({ kind, address, length, value, order, attrs }: Access): number {
    const { space } = this
    const word = Number(value & 0xffff_ffffn)
    const bytes = new Uint8Array(length)
    if (kind === 0) return space.read(address, bytes, attrs)
    if (kind === 1) return space.write(address, bytes, attrs)
    if (kind === 2) return space.fill(address, word & 0xff, length, attrs)
    if (kind === 3) space.writeRom(address, bytes, attrs)
    if (kind === 4) space.load8(address, attrs)
    if (kind === 5) space.load16(address, order, attrs)
    if (kind === 6) space.load32(address, order, attrs)
    if (kind === 7) space.load64(address, order, attrs)
    if (kind >= 4 && kind <= 7) return space.loadResult
    if (kind === 8) return space.loadWords(address, new Uint32Array(2), order, attrs)
    if (kind === 9) return space.store8(address, word, attrs)
    if (kind === 10) return space.store16(address, word, order, attrs)
    if (kind === 11) return space.store32(address, word, order, attrs)
    if (kind === 12) return space.store64(address, value, order, attrs)
    if (kind === 13) return space.storeWords(address, word, word, order, attrs)
    if (kind === 14) return space.valid(address, length, word & 3, attrs) ? 0 : 2
    if (kind === 15) return space.isDirect(address, word & 3, attrs) ? 0 : 2
    if (kind === 16) this.#map(address, bytes, word, attrs)
    if (kind === 17) this.#cache(address, bytes, word)
    if (kind === 18) {
      const list = new ScatterList(space).add(address, length >> 1).add(value, length)
      return list.read(bytes, attrs).result | list.write(bytes, attrs).result
    }
    return 0
  }

  #map(address: bigint, bytes: Uint8Array, word: number, attrs: MemTxAttrs): void {
    const mapping = this.space.map(address, bytes.length, { write: (word & 1) !== 0, attrs })
    if (mapping === undefined) return
    const part = bytes.subarray(0, mapping.length)
    mapping.read(0, part)
    if (mapping.writable) mapping.write(0, part)
    mapping.piece(0)
    mapping.unmap(word % (mapping.length + 1))
  }

  #cache(address: bigint, bytes: Uint8Array, word: number): void {
    if (bytes.length === 0) return
    using cache = this.space.cache(address, bytes.length, { write: (word & 1) !== 0 })
    const part = bytes.subarray(0, cache.length)
    cache.read(0, part)
    if (cache.writable) cache.write(0, part)
  }
}

describe.each(['little', 'big'] as const)('of a %s-endian machine', (endianness) => {
  test.prop([fc.array(place, { minLength: 1, maxLength: 10 }), fc.array(access, { minLength: 5, maxLength: 30 })], {
    numRuns: 100,
  })('no access throws, whatever is there and whatever it asks (RW-4, RW-8, BB-3, BB-9)', (places, accesses) => {
    const machine = new Machine(places, endianness)

    const results = accesses.map((one) => machine.access(one))

    expect(results.filter((result) => !Number.isInteger(result) || (result & ~ANY_RESULT) !== 0)).toEqual([])
    expect(machine.system.isAccessing).toBe(false)
    expect(machine.space.bounce.used).toBe(0)
  })
})

/** Memory that is gone with its owner and still shown, because nothing has changed since (MR-15). */
function gone() {
  const root = container('root')
  const owner = { name: 'card' }
  const memory = ram('memory', 0x2000n).ownedBy(owner)
  root.add(alias('window', memory), 0x1000n)
  root.add(ram('other', 0x1000n), 0x8000n)
  const space = new MemorySystem('machine').createSpace('memory', root)
  expect(space.read(0x1000n, new Uint8Array(4))).toBe(0)
  letGo(owner)
  return space
}

example.each<[string, (space: AddressSpace) => unknown]>([
  ['a mapping', (space) => space.map(0x1000n, 0x100)?.unmap()],
  ['a mapping to be written', (space) => space.map(0x1000n, 0x100, { write: true })?.unmap()],
  ['a cache', (space) => space.cache(0x1000n, 0x100)[Symbol.dispose]()],
  ['a write', (space) => space.write(0x1000n, new Uint8Array(8))],
])('%s of what its owner has let go, and nobody has put out of sight yet, does not throw (MR-15)', (_, act) => {
  expect(() => act(gone())).not.toThrow()
})

example('a guest that asks a block device for a fraction of a block is told so (RD-6)', () => {
  const manager = new BlockDiscardManager(ram('ram', 0x4000n), { blockSize: 0x1000n, requestedSize: 0x4000n })

  const answers = [0.5, 1.5, Number.NaN, -1, 2 ** 60].map((blocks) => manager.plug(0n, blocks))

  expect(answers).toEqual(['error', 'error', 'error', 'error', 'error'])
})
