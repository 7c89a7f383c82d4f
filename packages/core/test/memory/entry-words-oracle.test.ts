import { fc, test } from '@fast-check/vitest'
import { expect } from 'vitest'
import {
  type AddressSpace,
  alias,
  container,
  EntryWords,
  IommuRegion,
  MemorySystem,
  MemTx,
  mmio,
  type PermissionBits,
  ram,
  rom,
  type Translation,
  type Translator,
} from '../../src/memory/index.ts'
import { RecordingDevice } from './recording-device.ts'

const PAGES = 64
const BASE = 0x8000_0000n
const HIGH = 2n ** 32n
const CONTENT = Uint8Array.from({ length: 0x40000 }, (_, i) => (i * 7 + (i >> 12)) % 256)

/** A flat table; whether accesses may look at its entries themselves is what the test compares. */
class FlatTable implements Translator {
  readonly words: Int32Array = new Int32Array(2 * PAGES)
  readonly entryWords: EntryWords | undefined
  readonly #target: AddressSpace
  readonly #pageShift: number

  constructor(target: AddressSpace, pageShift: number, shown: boolean) {
    this.#target = target
    this.#pageShift = pageShift
    this.entryWords = shown ? new EntryWords(target, pageShift) : undefined
    if (this.entryWords !== undefined) this.entryWords.words = this.words
  }

  translate(frame: number, _access: PermissionBits, out: Translation): void {
    const pages = 2 ** (this.#pageShift - 12)
    const index = Math.floor(frame / pages)
    const low = this.words[2 * index] ?? 0
    const high = this.words[2 * index + 1] ?? 0
    const page = (high >>> 0) * 2 ** 20 + (low >>> 12)
    out.permission = low & 3
    out.frame = page - (page % pages) + (frame % pages)
    out.shift = this.#pageShift
    out.target = this.#target
  }
}

const place = fc.record({
  page: fc.nat(PAGES - 1),
  byte: fc.oneof(
    fc.nat(0xfff),
    fc.nat(0x1ff).map((word) => word * 8),
  ),
})
const size = fc.constantFrom(1, 2, 4, 8)
const order = fc.constantFrom('little' as const, 'big' as const)
const step = fc.oneof(
  { weight: 4, arbitrary: fc.record({ do: fc.constant('load' as const), place, size, order }) },
  {
    weight: 4,
    arbitrary: fc.record({
      do: fc.constant('store' as const),
      place,
      size,
      order,
      value: fc.bigInt(0n, 2n ** 64n - 1n),
    }),
  },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('read' as const), place, length: fc.nat(0x1100) }) },
  {
    weight: 2,
    arbitrary: fc.record({ do: fc.constant('write' as const), place, length: fc.nat(0x1100), value: fc.nat(255) }),
  },
  fc.record({
    do: fc.constant('put' as const),
    index: fc.nat(PAGES - 1),
    page: fc.nat(95),
    high: fc.nat(1),
    bits: fc.nat(0xfff),
  }),
  fc.record({ do: fc.constant('toggle' as const), what: fc.constantFrom('readonly', 'hole', 'window', 'marks') }),
)
type Step = typeof step extends fc.Arbitrary<infer T> ? T : never

test.prop(
  [
    fc.array(fc.tuple(fc.nat(95), fc.nat(7)), { minLength: PAGES, maxLength: PAGES }),
    fc.constantFrom(12, 13, 16),
    fc.constantFrom(0n, 0x3000n, 0x10000n),
    fc.array(step, { maxLength: 60 }),
  ],
  { numRuns: 100 },
)(
  'an access that looks at the entries does what one that asks does (TE-4, TE-5, TE-6)',
  (entries, shift, at, steps) => {
    const [seen, asked] = [build(entries, shift, at, true), build(entries, shift, at, false)]

    for (const one of steps) {
      expect({ ...one, said: seen.play(one) }).toEqual({ ...one, said: asked.play(one) })
    }

    expect(seen.log()).toEqual(asked.log())
  },
)

test('an access to memory behind an IOMMU whose entries are shown asks once, and then no more', () => {
  const system = new MemorySystem('machine')
  const region = ram('ram', 0x100000n)
  region.memory.write(0x5000n, Uint8Array.of(1, 2, 3, 4, 5, 6, 7, 8))
  const table = new FlatTable(system.createSpace('memory', region), 12, true)
  const dma = system.createSpace('dma', new IommuRegion('window', BigInt(PAGES) * 0x1000n, table))
  table.words.set([0x5003], 2 * 7)
  let asked = 0
  const translate = table.translate.bind(table)
  table.translate = (frame, access, out) => {
    asked++
    translate(frame, access, out)
  }

  dma.load64(0x7000n)
  const first = asked
  const values = [dma.load64(0x7000n), dma.load32(0x7004n), dma.load16(0x7002n), dma.load8(0x7001n)]
  const into = new Uint8Array(3)
  dma.read(0x7001n, into)
  dma.write(0x7100n, into)
  dma.store64(0x7108n, 9n)

  expect(values).toEqual([0x0807060504030201n, 0x08070605, 0x0403, 2])
  expect([...into]).toEqual([2, 3, 4])
  expect([first, asked]).toEqual([1, 1])
})

test('an entry that is shown permits what it says, at any alignment, and memory is made where it is first written (TE-5)', () => {
  const system = new MemorySystem('machine')
  const region = ram('ram', 0x100000n)
  const memory = system.createSpace('memory', region)
  region.memory.write(
    0n,
    Uint8Array.from({ length: 0x1000 }, (_, i) => i),
  )
  const table = new FlatTable(memory, 12, true)
  const dma = system.createSpace('dma', new IommuRegion('window', BigInt(PAGES) * 0x1000n, table))
  table.words.set([0x0003, 0, 0x0001, 0, 0x0002, 0, 0x40003, 0])
  for (const at of [0n, 8n]) dma.load64(at)

  const unaligned = [dma.load64(3n), memory.load64(5n), dma.load32(0x12n)]
  const refused = [dma.store64(0x1008n, 1n), dma.store64(0x2008n, 0n), dma.load64(0x2008n)]
  const made = [dma.store64(0x3010n, 7n), memory.store64(0x50010n, 8n)]

  expect(unaligned).toEqual([0x0a09080706050403n, 0x0c0b0a0908070605n, 0x15141312])
  expect(refused).toEqual([MemTx.decodeError, MemTx.ok, 0n])
  expect(made).toEqual([MemTx.ok, MemTx.ok])
  expect(memory.load64(8n)).toBe(0n)
  const into = new Uint8Array(1)
  const first = [0x40010n, 0x50010n].map((at) => {
    region.memory.read(at, into)
    return into[0]
  })
  expect(first).toEqual([7, 8])
})

test('an access through IOMMUs that show each other their entries ends, and meets nothing', () => {
  const system = new MemorySystem('machine')
  const root = container('root')
  const space = system.createSpace('dma', root)
  const table = new FlatTable(space, 12, true)
  root.add(new IommuRegion('window', BigInt(PAGES) * 0x1000n, table), 0n)
  for (let page = 0; page < PAGES; page++) table.words.set([(page << 12) | 3, 0], 2 * page)
  const each = () => [
    space.load64(0x5000n),
    space.load32(0x5000n),
    space.store64(0x5000n, 1n),
    space.read(0x5000n, new Uint8Array(8)),
    space.write(0x5000n, new Uint8Array(8)),
  ]

  const [searched, known] = [each(), each()]

  expect(searched).toEqual([0n, 0, MemTx.decodeError, MemTx.decodeError, MemTx.decodeError])
  expect(known).toEqual(searched)
})

/** Memory in two places 4 GiB apart, ROM, registers and holes, behind a window over a table. */
function build(
  entries: readonly (readonly [page: number, bits: number])[],
  pageShift: number,
  at: bigint,
  shown: boolean,
) {
  const system = new MemorySystem('machine')
  const inner = container('inner')
  const target = system.createSpace('target', inner)
  const memory = ram('memory', 0x40000n)
  const upper = alias('upper', memory, { offset: 0x10000n, size: 0x20000n })
  const flash = rom('rom', 0x14000n)
  const device = new RecordingDevice()
  const hole = mmio('hole', 0x800n, device)
  const marked: number[][] = []
  memory.memory.write(0n, CONTENT)
  flash.memory.write(0n, CONTENT.subarray(0x123, 0x14123))
  device.answer = (offset) => BigInt(offset) * 3n + 1n
  inner.add(memory, 0n)
  inner.add(flash, 0x48000n)
  inner.add(hole, 0x5400n, { priority: 1 })
  inner.add(upper, HIGH)
  inner.add(mmio('device', 0x4000n, device), 0x5c000n)
  const root = container('root')
  const space = system.createSpace('dma', root)
  const table = new FlatTable(target, pageShift, shown)
  for (const [index, [page, bits]] of entries.entries()) put(index, page, bits & 1, bits)
  const window = new IommuRegion('window', BigInt(PAGES) << BigInt(pageShift), table)
  root.add(window, BASE + at)

  function put(index: number, page: number, high: number, bits: number): void {
    table.words[2 * index] = (page << 12) | bits
    table.words[2 * index + 1] = high
  }

  const toggles: Record<string, () => void> = {
    readonly: () => memory.setReadonly(!memory.readonly),
    hole: () => hole.setEnabled(!hole.enabled),
    window: () => window.setEnabled(!window.enabled),
    marks: () => {
      memory.writeMarks = memory.writeMarks === undefined ? { mark: (...where) => marked.push(where) } : undefined
    },
  }
  return {
    log: () => [device.log, marked],
    play(step: Step): unknown {
      if (step.do === 'put') return put(step.index, step.page, step.high, step.bits)
      if (step.do === 'toggle') return toggles[step.what]?.()
      const address = BASE + at + placeIn(step.place.page, pageShift) + BigInt(step.place.byte)
      if (step.do === 'read') {
        const into = new Uint8Array(step.length).fill(0xee)
        return [space.read(address, into), into]
      }
      if (step.do === 'write') return space.write(address, new Uint8Array(step.length).fill(step.value))
      if (step.do === 'load') return [load(space, address, step.size, step.order), space.loadResult]
      return store(space, address, step.size, step.value, step.order)
    },
  }
}

/** Some page of entry `index`. */
function placeIn(index: number, pageShift: number): bigint {
  return (BigInt(index) << BigInt(pageShift)) + (BigInt(index % 2 ** (pageShift - 12)) << 12n)
}

function load(space: AddressSpace, address: bigint, size: number, order: 'little' | 'big'): number | bigint {
  if (size === 8) return space.load64(address, order)
  return size === 4 ? space.load32(address, order) : size === 2 ? space.load16(address, order) : space.load8(address)
}

function store(space: AddressSpace, address: bigint, size: number, value: bigint, order: 'little' | 'big'): number {
  if (size === 8) return space.store64(address, value, order)
  const number = Number(BigInt.asUintN(8 * size, value))
  if (size === 4) return space.store32(address, number, order)
  return size === 2 ? space.store16(address, number, order) : space.store8(address, number)
}
