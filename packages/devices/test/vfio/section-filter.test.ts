import { ADDRESS_SPACE_SIZE, KiB, LAST_ADDRESS } from '@hostbridge/core/address'
import { FlatRange, IommuRegion, type MemoryRegion, mmio, ram, ramDevice, romDevice } from '@hostbridge/core/memory'
import { describe, expect, test } from 'vitest'
import { filterSection } from '../../src/vfio/section-filter.ts'

const PAGE = 64n * KiB

function sectionOf(region: MemoryRegion, start: bigint, size: bigint, offset = 0n): FlatRange {
  return new FlatRange(region, start, start + size - 1n, offset, { readonly: false, romMode: false })
}

describe('the section filter', () => {
  test('takes RAM and IOMMUs, and skips MMIO and ROM devices silently (VS-1)', () => {
    const nothing = { read: () => 0, write: () => {} }
    const iommu = new IommuRegion('iommu', PAGE, { translate: () => {} })
    const regions = [ram('ram', PAGE), iommu, mmio('mmio', PAGE, nothing), romDevice('romd', PAGE, nothing)]

    const kinds = regions.map((region) => filterSection(sectionOf(region, 0n, PAGE), PAGE))

    expect(kinds).toEqual([{ first: 0, frames: 16 }, { first: 0, frames: 16 }, 'kind', 'kind'])
  })

  test('takes a RAM device, but not a crooked one (MR-3, VB-4)', () => {
    const bar = ramDevice('bar', 4n * PAGE)

    expect(filterSection(sectionOf(bar, PAGE, PAGE), PAGE)).toEqual({ first: 16, frames: 16 })
    expect(filterSection(sectionOf(bar, PAGE, PAGE + 0x1000n), PAGE)).toBe('misaligned')
    expect(filterSection(sectionOf(bar, PAGE + 0x1000n, PAGE, 0x1000n), PAGE)).toBe('misaligned')
  })

  test('skips what starts with bit 63 set, not what ends so (VS-1)', () => {
    const region = ram('ram', ADDRESS_SPACE_SIZE)

    expect(filterSection(sectionOf(region, 1n << 63n, PAGE), PAGE)).toBe('bit-63')
    expect(filterSection(sectionOf(region, 0n, ADDRESS_SPACE_SIZE), PAGE)).toEqual({ first: 0, frames: 2 ** 52 })
  })

  test('skips what lies differently in the host’s pages of the region and of the space (VS-2)', () => {
    expect(filterSection(sectionOf(ram('ram', 4n * PAGE), PAGE, PAGE, 0x1000n), PAGE)).toBe('misaligned')
    expect(filterSection(sectionOf(ram('ram', 4n * PAGE), PAGE + 0x1000n, 2n * PAGE, 0x1000n), PAGE)).toEqual({
      first: 32,
      frames: 16,
    })
  })

  test('rounds inward to whole host pages, and has nothing to do for less than one (VS-3)', () => {
    expect(filterSection(sectionOf(ram('ram', 4n * PAGE), 1n, 3n * PAGE, 1n), PAGE)).toEqual({ first: 16, frames: 32 })
    expect(filterSection(sectionOf(ram('ram', 4n * PAGE), 1n, PAGE, 1n), PAGE)).toBe('sub-page')
  })

  test('does not wrap at the end of the space (VS-3)', () => {
    const low = sectionOf(ram('ram', ADDRESS_SPACE_SIZE), 0x800n, LAST_ADDRESS - 0x800n, 0x800n)

    expect(filterSection(low, 4096n)).toEqual({ first: 1, frames: 2 ** 52 - 2 })
  })
})
