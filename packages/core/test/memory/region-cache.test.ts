import { fc, test as property } from '@fast-check/vitest'
import { describe, expect, test, vi } from 'vitest'
import {
  alias,
  container,
  IommuRegion,
  letGo,
  MemorySystem,
  MemTx,
  mmio,
  ram,
  rom,
  romDevice,
} from '../../src/memory/index.ts'
import { PagedTranslator } from './paged-translator.ts'
import { RecordingDevice } from './recording-device.ts'

function machine() {
  const root = container('root')
  const system = new MemorySystem('machine')
  return { system, root, space: system.createSpace('memory', root) }
}

function behindIommu() {
  const { system, root, space } = machine()
  const region = ram('ram', 0x10000n)
  root.add(region, 0n)
  const translator = new PagedTranslator()
  const device = container('device')
  device.add(new IommuRegion('iommu', 0x10000n, translator), 0n)
  return { region, space, translator, dma: system.createSpace('dma', device) }
}

describe('a cache of memory', () => {
  test('reaches as far as a mapping does, over the pieces of one region (BB-9, BB-1)', () => {
    const { root, space } = machine()
    const region = ram('ram', 0x2000n)
    root.add(alias('low', region, { size: 0x1000n }), 0n)
    const high = alias('high', region, { offset: 0x1000n })
    high.setReadonly(true)
    root.add(high, 0x1000n)
    root.add(ram('other', 0x1000n), 0x2000n)

    const cache = space.cache(0x800n, 0x4000)

    expect([cache.direct, cache.length, space.flatView.ranges.length]).toEqual([true, 0x1800, 3])
  })

  test('reads and writes it, and makes it dirty (BB-9)', () => {
    const { root, space } = machine()
    const region = ram('ram', 0x2000n)
    const mark = vi.fn()
    region.writeMarks = { mark }
    root.add(region, 0x1000n)
    using cache = space.cache(0x1ffen, 0x100, { write: true })
    const into = new Uint8Array(3)

    const results = [cache.write(1, Uint8Array.of(1, 2, 3)), cache.read(1, into)]

    expect([results, [...into]]).toEqual([
      [MemTx.ok, MemTx.ok],
      [1, 2, 3],
    ])
    expect(mark.mock.calls).toEqual([[0, 0xfff, 3]])
  })

  test('keeps what it found, whatever becomes of the map, until it is disposed of (BB-9, MR-14)', () => {
    const { root, space } = machine()
    const owner = { name: 'card', onFinalize: vi.fn() }
    const region = ram('vram', 0x1000n).ownedBy(owner)
    root.add(region, 0n)
    const cache = space.cache(0n, 4, { write: true })

    root.remove(region)
    letGo(owner)
    cache.write(0, Uint8Array.of(5))
    const into = new Uint8Array(1)
    cache.read(0, into)
    const early = owner.onFinalize.mock.calls.length
    cache[Symbol.dispose]()
    cache[Symbol.dispose]()

    expect([into[0], early, owner.onFinalize.mock.calls.length]).toEqual([5, 0, 1])
    expect(() => cache.read(0, into)).toThrow('has been disposed of')
  })
})

describe('offsets', () => {
  test.each([
    [-1, 1],
    [3, 2],
    [4, 1],
    [0.5, 1],
  ])('past the cached length throw: %d, %d bytes (BB-9)', (offset, length) => {
    const { root, space } = machine()
    root.add(ram('ram', 4n), 0x1000n)
    const cache = space.cache(0x1000n, 8, { write: true })

    for (const access of ['read', 'write'] as const) {
      expect(() => cache[access](offset, new Uint8Array(length))).toThrow(
        `the cache at 0x1000 of 'memory' has 4 bytes: ${length} at ${offset} are not in it`,
      )
    }
  })

  test.each([0, -1, 0.5])('of a cache of %d bytes do not exist (BB-9)', (length) => {
    expect(() => machine().space.cache(0n, length)).toThrow('ask for 1 or more')
  })

  test('of a cache to be read cannot be written (BB-9)', () => {
    expect(() => machine().space.cache(0n, 4).write(0, Uint8Array.of(1))).toThrow('was made to be read')
  })
})

describe('the slow path', () => {
  test('makes accesses to registers, up to the end of their section (BB-9)', () => {
    const { root, space } = machine()
    const device = new RecordingDevice()
    device.answer = () => 0x44332211n
    root.add(mmio('regs', 0x10n, device), 0x1000n)
    const cache = space.cache(0x1004n, 0x100, { write: true })
    const into = new Uint8Array(6)

    const results = [cache.read(2, into), cache.write(0, Uint8Array.of(1, 2, 3, 4))]

    expect([cache.direct, cache.length, results]).toEqual([false, 12, [MemTx.ok, MemTx.ok]])
    expect(device.take()).toEqual(['read 6 2', 'read 8 4', 'write 4 4 4030201'])
    expect([...into]).toEqual([0x11, 0x22, 0x11, 0x22, 0x33, 0x44])
  })

  test('refuses writes to ROM, and calls a ROM device for them (BB-9)', () => {
    const { root, space } = machine()
    const device = new RecordingDevice()
    root.add(rom('rom', 0x1000n), 0n)
    root.add(romDevice('flash', 0x1000n, device), 0x1000n)

    const results = [0n, 0x1000n].map((at) => space.cache(at, 4, { write: true }).write(0, Uint8Array.of(1)))

    expect([results, device.take()]).toEqual([[MemTx.decodeError, MemTx.ok], ['write 0 1 1']])
  })

  test('meets nothing where nothing was, though something has come there since (BB-9)', () => {
    const { root, space } = machine()
    const cache = space.cache(0n, 0x100)
    root.add(ram('late', 0x1000n), 0n)
    const into = Uint8Array.of(7)

    expect([cache.length, cache.read(0, into), into[0]]).toEqual([0x100, MemTx.decodeError, 0])
  })

  test('is denied when callbacks nest without end (BB-9)', () => {
    const { root, space } = machine()
    const device = new RecordingDevice()
    root.add(mmio('regs', 0x10n, device), 0n)
    const cache = space.cache(0n, 4, { write: true })
    const results: number[] = []
    device.fail = () => {
      results.push(cache.write(0, Uint8Array.of(1)))
      return 0
    }

    cache.write(0, Uint8Array.of(1))

    expect([results.length, results[0], space.write(0x8000n, Uint8Array.of(1))]).toEqual([
      64,
      MemTx.accessError,
      MemTx.decodeError,
    ])
  })
})

describe('behind an IOMMU', () => {
  test('an access over the end of a page goes on where the next page is mapped to (BB-9)', () => {
    const { dma, space, translator } = behindIommu()
    translator.map(0, 3, space).map(1, 9, space)
    const cache = dma.cache(0n, 0x2000, { write: true })

    const result = cache.write(0xffe, Uint8Array.of(1, 2, 3, 4))

    const into = new Uint8Array(4)
    space.read(0x3ffen, into.subarray(0, 2))
    space.read(0x9000n, into.subarray(2))
    expect([cache.direct, result, [...into]]).toEqual([false, MemTx.ok, [1, 2, 3, 4]])
  })

  test('every access is translated anew (BB-9)', () => {
    const { dma, space, translator } = behindIommu()
    translator.map(0, 3, space)
    const cache = dma.cache(0n, 0x1000)
    space.write(0x3000n, Uint8Array.of(3))
    space.write(0x4000n, Uint8Array.of(4))
    const into = new Uint8Array(1)
    const seen: unknown[] = []

    seen.push(cache.read(0, into), into[0])
    translator.unmap(0)
    seen.push(cache.read(0, into), into[0])
    translator.map(0, 4, space)
    seen.push(cache.read(0, into), into[0])

    expect(seen).toEqual([MemTx.ok, 3, MemTx.decodeError, 0, MemTx.ok, 4])
  })

  test('a page that does not permit the access fails, and the others do not (BB-9)', () => {
    const { dma, space, translator } = behindIommu()
    translator.map(0, 3, space).map(1, 4, space, 1).map(2, 5, space)
    const cache = dma.cache(0n, 0x3000, { write: true })

    const result = cache.write(0xfff, new Uint8Array(0x1002).fill(1))

    const into = new Uint8Array(3)
    for (const [i, at] of [0x3fffn, 0x4800n, 0x5000n].entries()) space.read(at, into.subarray(i, i + 1))
    expect([result, [...into]]).toEqual([MemTx.decodeError, [1, 0, 1]])
  })
})

const access = fc.record({ offset: fc.nat(0x3000), length: fc.nat(0x1800), write: fc.boolean() })

property.prop([fc.uniqueArray(fc.nat(15), { minLength: 4, maxLength: 4 }), fc.array(access, { maxLength: 12 })], {
  numRuns: 100,
})('behind an IOMMU it does what plain accesses do (BB-9)', (targets, accesses) => {
  const cached = behindIommu()
  const plain = behindIommu()
  for (const { translator, space } of [cached, plain]) {
    for (const [page, target] of targets.entries()) translator.map(page, target, space, target % 5 === 4 ? 1 : 3)
  }
  const cache = cached.dma.cache(0x80n, 0x3f00, { write: true })

  for (const [i, { offset, length, write }] of accesses.entries()) {
    if (offset + length > 0x3f00) continue
    const bytes = [new Uint8Array(length).fill(i + 1), new Uint8Array(length).fill(i + 1)] as const
    const way = write ? 'write' : 'read'

    const results = [cache[way](offset, bytes[0]), plain.dma[way](0x80n + BigInt(offset), bytes[1])]

    expect(results[0]).toBe(results[1])
    expect(bytes[0]).toEqual(bytes[1])
  }
  const contents = [cached, plain].map(({ region }) => {
    const into = new Uint8Array(0x10000)
    region.memory.read(0n, into)
    return into
  })
  expect(contents[0]).toEqual(contents[1])
})
