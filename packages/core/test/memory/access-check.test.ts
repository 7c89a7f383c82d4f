import { describe, expect, test } from 'vitest'
import { container, IommuRegion, MemorySystem, mmio, Permission, ram, rom } from '../../src/memory/index.ts'
import { PagedTranslator } from './paged-translator.ts'
import { RecordingDevice } from './recording-device.ts'

const { read, write, readWrite } = Permission

function mixed() {
  const system = new MemorySystem('machine')
  const root = container('root')
  const device = new RecordingDevice({ valid: { min: 4, max: 4 } })
  root.add(ram('ram', 0x2000n), 0n)
  root.add(rom('rom', 0x1000n), 0x2000n)
  root.add(mmio('uart', 0x1000n, device), 0x3000n)
  const memory = system.createSpace('memory', root)
  const iommu = new PagedTranslator().map(1, 0, memory, read).map(2, 0x100, memory)
  const dma = system.createSpace('dma', new IommuRegion('window', 0x10000n, iommu))
  return { memory, dma, device }
}

describe('asking whether an access would go through (RW-8)', () => {
  test.each([
    ['RAM', 0n, 0x2000, readWrite, true],
    ['RAM and ROM for reading', 0x1000n, 0x2000, read, true],
    ['RAM and ROM for writing', 0x1000n, 0x2000, write, false],
    ['registers of a good size', 0x3004n, 8, readWrite, true],
    ['registers, unaligned', 0x3002n, 4, read, false],
    ['a hole', 0x8000n, 1, read, false],
    ['nothing of a hole', 0x8000n, 0, readWrite, true],
  ])('%s', (_, address, length, access, expected) => {
    const { memory, device } = mixed()

    expect(memory.valid(address, length, access)).toBe(expected)
    expect(device.log).toEqual([])
  })

  test('pieces are aligned to the address in the space, not to the offset in the region (RW-8)', () => {
    const root = container('root')
    root.add(mmio('device', 0x100n, new RecordingDevice({ valid: { min: 4, max: 4 } })), 0x1002n)
    const memory = new MemorySystem('machine').createSpace('memory', root)

    expect(memory.valid(0x1002n, 4, read)).toBe(false)
    expect(memory.read(0x1002n, new Uint8Array(4))).toBe(0)
  })

  test('the first byte comes after the last', () => {
    const root = container('root')
    root.add(ram('first', 0x1000n), 0n)
    root.add(ram('last', 0x1000n), 2n ** 64n - 0x1000n)
    const memory = new MemorySystem('machine').createSpace('memory', root)

    expect(memory.valid(2n ** 64n - 0x1000n, 0x2000, readWrite)).toBe(true)
    expect(memory.explain(2n ** 64n - 0x1000n, 0x2001, read)?.address).toBe(0x1000n)
  })

  test('a mapping must permit it (RW-8)', () => {
    const { dma } = mixed()

    expect(dma.valid(0x1000n, 0x1000, read)).toBe(true)
    expect(dma.valid(0x1000n, 0x1000, write)).toBe(false)
    expect(dma.valid(0x1ff0n, 0x20, read)).toBe(false)
  })
})

describe('explaining why not', () => {
  test.each([
    ['memory', 0x1800n, write, 0x2000n, 'no-write', "'rom' at offset 0x0 permits no write"],
    ['memory', 0x3002n, read, 0x3002n, 'refused-size', "'uart' at offset 0x2 refuses a read of this size or alignment"],
    ['memory', 0x3ff0n, read, 0x4000n, 'nothing-there', 'nothing is at 0x4000'],
    ['dma', 0x10n, read, 0x10n, 'not-mapped', "'window' has no mapping at 0x10"],
    ['dma', 0x1010n, write, 0x1010n, 'no-write', "the mapping of 'window' at 0x1010 permits no write"],
    ['dma', 0x2010n, readWrite, 0x2010n, 'nothing-there', 'nothing is at 0x2010, which is mapped to 0x100010'],
  ] as const)('in %s at %s for %s', (space, address, access, at, code, reason) => {
    const fault = mixed()[space].explain(address, 0x1000, access)

    expect(fault).toEqual({ address: at, code, reason })
  })

  test('an access that can be done has no fault', () => {
    expect(mixed().dma.explain(0x1000n, 0x1000, read)).toBeUndefined()
  })
})
