import { GiB } from '@hostbridge/core/address'
import { type Iommu, PageTableIommu } from '@hostbridge/core/iommu'
import { type AddressSpace, MemorySystem, Permission, ram, type Translation } from '@hostbridge/core/memory'
import { TceTable } from '@hostbridge/devices/spapr'
import type { BenchCase, Suite } from './bench-case.ts'
import { xorshift32 } from './random.ts'

/** Pages of the window; all are mapped. */
const PAGES = 2 ** 18

/** Translations that one sample makes, of pages drawn before. */
const TRANSLATIONS = 2 ** 17

const PAGE = 4096n

/** One page translated, drawn at random from a window of 1 GiB: by a TCE table, and by the radix table of a software IOMMU. */
export const translateSuite: Suite = {
  name: 'translate',
  cases: () => ['tce', 'radix'],
  open: (name) => {
    if (name === 'tce') return translations(tceTable(systemMemory()))
    if (name === 'radix') return translations(radixTable(systemMemory()))
    return undefined
  },
}

function translations(iommu: Iommu): BenchCase {
  const random = xorshift32(88172645)
  const frames = Float64Array.from({ length: TRANSLATIONS }, () => random() % PAGES)
  const out: Translation = { permission: 0, frame: 0, shift: 0, target: undefined }
  let sum = 0
  return {
    unit: 'translation',
    units: TRANSLATIONS,
    clock: 'cpu',
    run() {
      sum = 0
      for (let index = 0; index < TRANSLATIONS; index++) {
        iommu.translate(frames[index] as number, Permission.read, out, 0)
        sum += out.frame
      }
    },
    check() {
      const expected = frames.reduce((all, frame) => all + frame, 0)
      if (sum !== expected) throw new Error(`the translated frames add up to ${sum}, not to ${expected}`)
    },
  }
}

function systemMemory(): AddressSpace {
  return new MemorySystem('bench').createSpace('memory', ram('ram', 1n * GiB))
}

function tceTable(target: AddressSpace): Iommu {
  const table = new TceTable(0x8000_0000, target)
  table.enable({ pageShift: 12, busOffset: 0n, entries: PAGES })
  for (let page = 0; page < PAGES; page++) table.store(page, BigInt(page) * PAGE + 3n)
  return table
}

function radixTable(target: AddressSpace): Iommu {
  const iommu = new PageTableIommu({ size: 1n * GiB, target })
  iommu.table.map(0, PAGES, 0, Permission.readWrite, 12)
  return iommu
}
