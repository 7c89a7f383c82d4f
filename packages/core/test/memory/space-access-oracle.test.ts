import { fc, test } from '@fast-check/vitest'
import { describe, expect } from 'vitest'
import {
  type AddressSpace,
  alias,
  container,
  IommuRegion,
  MemorySystem,
  type MmioOps,
  mmio,
  ram,
} from '../../src/memory/index.ts'
import { PagedTranslator } from './paged-translator.ts'
import { RecordingDevice } from './recording-device.ts'
import { naiveDevice, naiveLoad, numberOf } from './space-oracle.ts'

const WHOLE = 2n ** 64n

function content(offset: number, size: number): bigint {
  let value = 0n
  for (let i = size - 1; i >= 0; i--) value = (value << 8n) | BigInt(((offset + i) * 7 + 3) % 256)
  return value
}

const width = fc.constantFrom(1, 2, 4, 8) as fc.Arbitrary<1 | 2 | 4 | 8>
const sizes = fc.record({ min: width, max: width, unaligned: fc.boolean() })
const devices = fc
  .record({
    endianness: fc.constantFrom('little', 'big') as fc.Arbitrary<'little' | 'big'>,
    valid: fc.option(sizes, { nil: undefined }),
    impl: fc.option(sizes, { nil: undefined }),
  })
  .filter(({ valid, impl }) => (valid?.min ?? 0) <= (valid?.max ?? 8) && (impl?.min ?? 0) <= (impl?.max ?? 8))
const piece = fc.record({
  kind: fc.constantFrom('ram', 'mmio', 'iommu'),
  at: fc.oneof(
    fc.nat(0x3000),
    fc.nat(0x13).map((page) => page * 0x1000),
  ),
  size: fc.oneof(fc.integer({ min: 1, max: 40 }), fc.constantFrom(0x1000, 0x2000, 0x14000)),
})
const access = fc.record({
  at: fc.oneof(
    fc.nat(0x3100),
    fc.nat(0x3000).map((word) => word * 8),
  ),
  size: width,
  order: fc.constantFrom('little', 'big') as fc.Arbitrary<'little' | 'big'>,
})

describe.each([0n, 2n ** 32n - 0x2000n, 2n ** 63n, WHOLE - 0x14000n])('around %s', (anchor) => {
  test.prop(
    [
      fc.array(piece, { maxLength: 5 }),
      devices,
      fc.array(fc.nat(0x13), { minLength: 4, maxLength: 4 }),
      fc.array(access),
    ],
    { numRuns: 30 },
  )('a load is one access, whatever path it takes (EN-4, EN-1, LK-2, TE-6)', (pieces, options, entries, loads) => {
    const device = new RecordingDevice(present(options))
    device.answer = content
    const space = build(anchor, pieces, device, entries)
    const answer = (_range: unknown, offset: bigint, size: number) => naiveDevice(device, content, Number(offset), size)

    // Twice: first found by a search, then remembered.
    for (const { at, size, order } of [...loads, ...loads]) {
      const address = (anchor + BigInt(at)) % WHOLE
      const { result, bytes } = naiveLoad(space, address, size, answer)

      const value = load(space, address, size, order)

      expect({ value, result: space.loadResult }).toEqual({ value: numberOf(bytes, order), result })
    }
  })
})

test.prop([fc.array(fc.record({ at: fc.nat(0x1100), size: width, value: fc.bigInt(0n, WHOLE - 1n) })), fc.boolean()], {
  numRuns: 60,
})('what is stored is what is loaded and what is read, directly and through an IOMMU (EN-4, RW-3)', (stores, big) => {
  const system = new MemorySystem('machine')
  const region = ram('ram', 0x20000n)
  const memory = system.createSpace('memory', region)
  const iommu = new PagedTranslator().map(0, 3, memory).map(1, 4, memory)
  const dma = system.createSpace('dma', new IommuRegion('window', 0x20000n, iommu))
  const bytes = new Uint8Array(0x2000)
  const view = new DataView(bytes.buffer)
  const order = big ? 'big' : 'little'

  for (const [index, { at, size, value }] of stores.entries()) {
    const low = BigInt.asUintN(8 * size, value)
    const straddles = (at % 0x1000) + size > 0x1000
    const [space, base] = index % 2 === 0 ? [memory, 0x3000n] : [dma, 0n]
    const result = store(space, base + BigInt(at), size, low, order)
    expect(result).toBe(space === dma && straddles ? 2 : 0)
    if (result !== 0) continue
    const ordered = new DataView(new ArrayBuffer(8))
    ordered.setBigUint64(0, low, !big)
    for (let i = 0; i < size; i++) view.setUint8(at + i, ordered.getUint8(big ? 8 - size + i : i))
  }

  const into = new Uint8Array(0x2000)
  dma.read(0n, into)
  expect(into).toEqual(bytes)
})

function load(space: AddressSpace, address: bigint, size: 1 | 2 | 4 | 8, order: 'little' | 'big'): bigint {
  switch (size) {
    case 1:
      return BigInt(space.load8(address))
    case 2:
      return BigInt(space.load16(address, order))
    case 4:
      return BigInt(space.load32(address, order))
    case 8:
      return space.load64(address, order)
  }
}

function store(space: AddressSpace, address: bigint, size: 1 | 2 | 4 | 8, value: bigint, order: 'little' | 'big') {
  switch (size) {
    case 1:
      return space.store8(address, Number(value))
    case 2:
      return space.store16(address, Number(value), order)
    case 4:
      return space.store32(address, Number(value), order)
    case 8:
      return space.store64(address, value, order)
  }
}

function present(options: {
  endianness: 'little' | 'big'
  valid: MmioOps['valid'] | undefined
  impl: MmioOps['impl'] | undefined
}): Pick<MmioOps, 'endianness' | 'valid' | 'impl'> {
  const { endianness, valid, impl } = options
  return { endianness, ...(valid && { valid }), ...(impl && { impl }) }
}

/** Pieces over each other, IOMMUs among them, of which the first four pages lead somewhere in the same space. */
function build(
  anchor: bigint,
  pieces: readonly { kind: string; at: number; size: number }[],
  ops: MmioOps,
  entries: readonly number[],
): AddressSpace {
  const root = container('root')
  const inner = container('inner')
  const system = new MemorySystem('machine')
  const target = system.createSpace('target', inner)
  const space = system.createSpace('memory', root)
  for (const [index, { kind, at, size }] of pieces.entries()) {
    const bytes = BigInt(size)
    const memory = ram('ram', bytes)
    memory.memory.write(
      0n,
      Uint8Array.from({ length: size }, (_, i) => (i * 7 + 3 + index) % 256),
    )
    const region = kind === 'mmio' ? mmio('mmio', bytes, ops) : memory
    inner.add(region, BigInt(at), { priority: index % 3 })
    const translator = new PagedTranslator()
    for (const [page, to] of entries.entries()) translator.map(page, to, target, 1 + (to % 3))
    const shown = kind === 'iommu' ? new IommuRegion('window', bytes, translator) : alias('shown', region)
    const frame = container('frame', bytes)
    frame.add(shown, 0n)
    root.add(frame, (anchor + BigInt(at)) % WHOLE, { priority: index % 3 })
  }
  return space
}
