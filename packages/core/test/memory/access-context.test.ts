import { describe, expect, test } from 'vitest'
import { ContextStack } from '../../src/memory/access-context.ts'
import { container, IommuRegion, MemorySystem, MemTx, mmio, NO_ATTRS, Permission, ram } from '../../src/memory/index.ts'
import { PagedTranslator } from './paged-translator.ts'
import { RecordingDevice } from './recording-device.ts'

/** Memory of 64 KiB of RAM, each byte the number of its page, and a DMA space whose window lies at `at`. */
function behindIommu(at = 0n, size = 2n ** 64n) {
  const system = new MemorySystem('machine')
  const root = container('root')
  const region = ram('ram', 0x10000n)
  for (let page = 0; page < 16; page++) region.memory.write(BigInt(page) * 0x1000n, new Uint8Array(0x1000).fill(page))
  root.add(region, 0n)
  const memory = system.createSpace('memory', root)
  const iommu = new PagedTranslator()
  const bus = container('bus')
  bus.add(new IommuRegion('window', size, iommu), at)
  return { system, root, memory, iommu, dma: system.createSpace('dma', bus) }
}

function bytes(...values: number[]): Uint8Array {
  return Uint8Array.from(values)
}

describe('DMA through an IOMMU', () => {
  test('each page goes where its entry says (TE-4, TE-6)', () => {
    const { dma, iommu, memory } = behindIommu()
    iommu.map(5, 2, memory).map(6, 9, memory)
    const into = bytes(0, 0, 0, 0)

    const result = dma.read(0x5ffen, into)

    expect(result).toBe(MemTx.ok)
    expect(into).toEqual(bytes(2, 2, 9, 9))
  })

  test('an entry larger than a page is asked once (TE-6)', () => {
    const { dma, iommu, memory } = behindIommu()
    iommu.map(8, 0, memory, 3, 8)
    const into = new Uint8Array(0x8000)

    dma.read(0x8000n, into)

    expect(iommu.asked).toEqual(['8 1'])
    expect(into.at(-1)).toBe(7)
  })

  test('an entry of 2^64 bytes has no end (TE-7)', () => {
    const { dma, iommu, memory } = behindIommu()
    iommu.map(0, 0, memory, 3, 2 ** 52)
    const into = bytes(0xff, 0xff)

    const result = dma.read(0x3000n, into)

    expect(result).toBe(MemTx.ok)
    expect(into).toEqual(bytes(3, 3))
  })

  test('an access that wants a permission asks for it, and where it is missing meets nothing (TE-3, TE-5)', () => {
    const { dma, iommu, memory } = behindIommu()
    iommu.map(0, 1, memory, Permission.read)
    const into = bytes(0xff)

    const results = [dma.read(0n, into), dma.write(0n, bytes(7)), dma.read(0x1000n, bytes(0))]

    expect(results).toEqual([MemTx.ok, MemTx.decodeError, MemTx.decodeError])
    expect(into).toEqual(bytes(1))
    expect(iommu.asked).toEqual(['0 1', '0 2', '1 1'])
  })

  test('mapped and unmapped pages in one transfer give both bytes and an error (RW-4)', () => {
    const { dma, iommu, memory } = behindIommu()
    iommu.map(0, 1, memory).map(2, 3, memory)
    const into = new Uint8Array(0x3000).fill(0xff)

    const result = dma.read(0n, into)

    expect(result).toBe(MemTx.decodeError)
    expect([into[0xfff], into[0x1000], into[0x1fff], into[0x2000]]).toEqual([1, 0, 0, 3])
  })

  test('an unmapped page is asked for once, not once a piece', () => {
    const { dma, iommu } = behindIommu()

    dma.read(0n, new Uint8Array(0x2000))

    expect(iommu.asked).toEqual(['0 1', '1 1'])
  })

  test('a window that is no multiple of a page away shifts the bytes too', () => {
    const { dma, iommu, memory } = behindIommu(0x1801n, 0x4000n)
    iommu.map(0, 4, memory).map(1, 5, memory)
    const into = bytes(0, 0)

    dma.read(0x2800n, into)

    expect(into).toEqual(bytes(4, 5))
  })

  test('a window at the end of the space is asked for small frames', () => {
    const { dma, iommu, memory } = behindIommu(2n ** 64n - 0x2000n, 0x2000n)
    iommu.map(1, 7, memory)
    const into = bytes(0)

    dma.read(2n ** 64n - 1n, into)

    expect(into).toEqual(bytes(7))
  })

  test('an entry may lead to registers', () => {
    const { dma, iommu, memory, root } = behindIommu()
    const device = new RecordingDevice()
    root.add(mmio('device', 0x1000n, device), 0x100000n)
    iommu.map(0, 0x100, memory)

    dma.write(0x10n, bytes(1, 2, 3, 4))

    expect(device.log).toEqual(['write 10 4 4030201'])
  })
})

describe('IOMMUs behind each other', () => {
  test('an access is translated by both, and cut by the smaller entry (TE-6)', () => {
    const { system, memory, iommu, dma } = behindIommu()
    const outer = new PagedTranslator().map(0, 0x40, dma, 3, 4)
    iommu.map(0x40, 3, memory).map(0x41, 8, memory)
    const device = system.createSpace('device', new IommuRegion('outer', 2n ** 64n, outer))
    const into = bytes(0, 0)

    const result = device.read(0xfffn, into)

    expect(result).toBe(MemTx.ok)
    expect(into).toEqual(bytes(3, 8))
    expect(outer.asked).toEqual(['0 1', '1 1'])
  })

  test.each([
    { translations: 32, result: MemTx.ok, byte: 3 },
    { translations: 33, result: MemTx.decodeError, byte: 0 },
  ])('$translations translations in a row end with result $result', ({ translations, result, byte }) => {
    const { system, memory, iommu, dma } = behindIommu()
    iommu.map(0, 3, memory)
    let space = dma
    let outer = iommu
    for (let behind = 1; behind < translations; behind++) {
      outer = new PagedTranslator().map(0, 0, space)
      space = system.createSpace(`level ${behind}`, new IommuRegion(`level ${behind}`, 2n ** 64n, outer))
    }
    const into = bytes(0xff)

    expect(space.read(0n, into)).toBe(result)

    expect(into).toEqual(bytes(byte))
    expect(outer.asked).toEqual(['0 1'])
    expect(iommu.asked).toHaveLength(result === MemTx.ok ? 1 : 0)
  })

  test('an IOMMU that leads to itself is left, not followed for ever', () => {
    const { iommu, dma } = behindIommu()
    iommu.map(0, 0, dma)

    expect(dma.read(0n, bytes(0))).toBe(MemTx.decodeError)
  })
})

test('who waits for the end of all accesses is called when the outermost is over, once (MR-14)', () => {
  const contexts = new ContextStack()
  const log: string[] = []
  contexts.enter(NO_ATTRS)
  contexts.enter(NO_ATTRS)
  contexts.whenIdle(() => log.push(`idle ${contexts.busy}`))

  contexts.leave()
  log.push(`nested ${contexts.busy}`)
  contexts.leave()
  contexts.enter(NO_ATTRS)
  contexts.leave()

  expect(log).toEqual(['nested true', 'idle false'])
})
