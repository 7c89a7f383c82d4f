import { describe, expect, test } from 'vitest'
import { LAST_ADDRESS } from '../../src/address/index.ts'
import { mapEvent, PageTableIommu, resolveEntry } from '../../src/iommu/index.ts'
import { container, MemorySystem, PlainDiscardManager, ram } from '../../src/memory/index.ts'
import { nestedScene } from './nested-scene.ts'

const entry = (translatedAddress: bigint, addressMask: bigint, permission = 3) => ({
  translatedAddress,
  addressMask,
  permission,
})

describe('resolveEntry', () => {
  test('finds the RAM behind an entry: a page of 64 KiB at 0 of 0x18000 bytes (MT-1, vector 17)', () => {
    const { memory, ram: main } = nestedScene()

    expect(resolveEntry(memory, entry(0n, 0xffffn))).toEqual({ region: main, offset: 0n, readonly: false })
    expect(resolveEntry(memory, entry(0x8000n, 0x7fffn))).toEqual({ region: main, offset: 0x8000n, readonly: false })
  })

  test('refuses a page that crosses the end of the RAM (MT-2, vector 17)', () => {
    const { memory } = nestedScene()

    expect(resolveEntry(memory, entry(0x10000n, 0xffffn))).toEqual({
      code: 'granularity',
      reason: "[0x10000, 0x1ffff] has 0x10000 bytes, of which 0x8000 bytes lie in 'main'",
    })
  })

  test('refuses a size that is no power of two (MT-2)', () => {
    const { memory } = nestedScene()

    expect(resolveEntry(memory, entry(0n, 0x2fffn))).toEqual({
      code: 'granularity',
      reason: '[0x0, 0x2fff] has 0x3000 bytes, no power of two',
    })
  })

  test.each([
    ['registers', 0x20000n, "'registers', which is no RAM, is at 0x20000 of 'memory'"],
    ['a hole', 0x50000n, "nothing is at 0x50000 of 'memory'"],
  ])('refuses %s as no RAM, whatever the size (MT-1, vector 17)', (_, address, reason) => {
    const { memory } = nestedScene()

    expect(resolveEntry(memory, entry(address, 0x2fffn))).toEqual({ code: 'not-ram', reason })
  })

  test('refuses memory that is discarded before it looks at the size (MT-1)', () => {
    const system = new MemorySystem('machine')
    const root = container('root')
    const vmem = ram('vmem', 0x10000n)
    const manager = new PlainDiscardManager(vmem)
    vmem.setDiscardManager(manager)
    root.add(vmem, 0x10000n)
    const memory = system.createSpace('memory', root)
    manager.populate(0x4000n, 0x2000n)

    const codes = [
      entry(0x10000n, 0xfffn),
      entry(0x10000n, 0x2fffn),
      entry(0x15000n, 0x1fffn),
      entry(0x14000n, 0x1fffn),
    ].map((asked) => {
      const found = resolveEntry(memory, asked)
      return 'code' in found ? found.code : found.offset
    })

    expect(codes).toEqual(['discarded', 'discarded', 'discarded', 0x4000n])
  })

  test('takes a mask of 2^64 - 1 for 2^64 bytes (MT-3)', () => {
    const system = new MemorySystem('machine')
    const all = ram('all', 1n << 64n)
    const whole = system.createSpace('whole', all)
    const { memory } = nestedScene()

    expect(resolveEntry(whole, entry(0n, LAST_ADDRESS))).toEqual({ region: all, offset: 0n, readonly: false })
    expect(resolveEntry(memory, entry(0n, LAST_ADDRESS))).toMatchObject({ code: 'granularity' })
  })

  test('takes the memory of a device for RAM (MT-4)', () => {
    const { memory } = nestedScene()

    expect(resolveEntry(memory, entry(0x42000n, 0x1fffn))).toMatchObject({ offset: 0x2000n, readonly: false })
  })

  test('is read-only where the entry permits no write, or the region takes none (VN-2)', () => {
    const { memory } = nestedScene()

    const results = [entry(0n, 0xfffn, 1), entry(0n, 0xfffn, 2), entry(0x30000n, 0xfffn, 3)].map((asked) => {
      const found = resolveEntry(memory, asked)
      return 'readonly' in found && found.readonly
    })

    expect(results).toEqual([true, false, true])
  })

  test('goes on through an IOMMU in the memory that it is asked about, with its permission (MT-1)', () => {
    const { dma, ram: main } = nestedScene({ inner: [{ iova: 0x100000n, size: 0x4000n, to: 0x4000n, access: 'r' }] })

    expect(resolveEntry(dma, entry(0x101000n, 0xfffn, 1))).toEqual({ region: main, offset: 0x5000n, readonly: true })
    expect(resolveEntry(dma, entry(0x101000n, 0xfffn, 3))).toMatchObject({ code: 'not-ram' })
  })

  test('takes an event as it is', () => {
    const { memory } = nestedScene()

    expect(resolveEntry(memory, mapEvent(7, 2, 4, 3, 13))).toMatchObject({ offset: 0x4000n })
    expect(new PageTableIommu({ target: memory }).target).toBe(memory)
  })
})
