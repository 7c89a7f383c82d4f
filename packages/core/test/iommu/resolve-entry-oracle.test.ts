import { fc, test } from '@fast-check/vitest'
import { expect } from 'vitest'
import { resolveEntry } from '../../src/iommu/index.ts'
import { container, MemorySystem, mmio, ram } from '../../src/memory/index.ts'

const PAGES = 24

/** What lies at each page: the name of RAM, of registers, or nothing. */
const map = fc.array(fc.constantFrom('a', 'b', 'registers', undefined), { minLength: PAGES, maxLength: PAGES })

test.prop([map, fc.nat({ max: PAGES - 1 }), fc.integer({ min: 1, max: 16 })], { numRuns: 200 })(
  'an entry leads to RAM where its size is a power of two and all of it lies in one section (MT-1, MT-2, vector 17)',
  (pages, at, size) => {
    const root = container('root')
    pages.forEach((name, page) => {
      if (name === undefined) return
      const region =
        name === 'registers' ? mmio(name, 0x1000n, { read: () => 0, write() {} }) : ram(`${name}${page}`, 0x1000n)
      root.add(region, BigInt(page) * 0x1000n)
    })
    const memory = new MemorySystem('machine').createSpace('memory', root)
    const entry = {
      translatedAddress: BigInt(at) * 0x1000n,
      addressMask: BigInt(size) * 0x1000n - 1n,
      permission: 3,
    }

    const answer = resolveEntry(memory, entry)

    const name = pages[at]
    if (name === undefined || name === 'registers') expect(answer).toMatchObject({ code: 'not-ram' })
    // Every section is one page here: a region of its own is never joined with the next.
    else if (size !== 1) expect(answer).toMatchObject({ code: 'granularity' })
    else expect(answer).toMatchObject({ region: { name: `${name}${at}` }, offset: 0n, readonly: false })
  },
)

test.prop([fc.integer({ min: 0, max: 10 }), fc.integer({ min: 1, max: 600 }), fc.nat({ max: 511 })], { numRuns: 200 })(
  'the same for RAM of any size and entries of any power of two (MT-2, vector 17)',
  (order, ramPages, at) => {
    const root = container('root')
    root.add(ram('main', BigInt(ramPages) * 0x1000n), 0n)
    const memory = new MemorySystem('machine').createSpace('memory', root)
    const pages = 2 ** order
    const first = at - (at % pages)

    const answer = resolveEntry(memory, {
      translatedAddress: BigInt(first) * 0x1000n,
      addressMask: BigInt(pages) * 0x1000n - 1n,
      permission: 3,
    })

    if (first >= ramPages) expect(answer).toMatchObject({ code: 'not-ram' })
    else if (first + pages > ramPages) expect(answer).toMatchObject({ code: 'granularity' })
    else expect(answer).toMatchObject({ offset: BigInt(first) * 0x1000n })
  },
)
