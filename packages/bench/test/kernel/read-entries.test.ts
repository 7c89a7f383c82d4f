import { LinearTable } from '@hostbridge/core/iommu'
import { describe, expect, test } from 'vitest'
import { readEntries } from '../../src/kernel/read-entries.ts'
import { scanKernel } from '../../src/kernel/scan-kernel.ts'

describe.each([
  ['the kernel', scanKernel()],
  ['TypeScript', undefined],
])('reading every entry with %s', (_, kernel) => {
  test.each([0, 1, 77_777, 2 ** 18 - 1])('finds one bit, in entry %d', (index) => {
    const table = new LinearTable({ entries: 2 ** 18, pageShift: 12 })
    table.put(index, 2n ** 63n)

    const [segment] = table.source().segments

    expect(readEntries(segment!, kernel)()).toBe(true)
  })

  test('finds nothing where there is nothing', () => {
    const table = new LinearTable({ entries: 2 ** 18, pageShift: 12 })
    table.put(5, 3n)
    table.put(5, 0n)

    const [segment] = table.source().segments

    expect(readEntries(segment!, kernel)()).toBe(false)
  })
})
