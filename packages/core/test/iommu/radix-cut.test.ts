import { expect, test } from 'vitest'
import { RadixTable } from '../../src/iommu/index.ts'
import { RadixArena } from '../../src/iommu/radix-arena.ts'
import { entriesCutBy } from '../../src/iommu/radix-cut.ts'

test('entriesCutBy finds the entries that lie partly in a range, at most one at each end', () => {
  const table = new RadixTable()
  table.map(16, 32, 1024, 3, 16)
  table.map(512, 512, 2048, 1, 21)
  const arena = RadixArena.attach(table.source().buffer)
  const left = { first: 16, last: 31, target: 1024, permission: 3 }
  const right = { first: 512, last: 1023, target: 2048, permission: 1 }

  expect(entriesCutBy(arena, 16, 1023)).toEqual([])
  expect(entriesCutBy(arena, 20, 21)).toEqual([left])
  expect(entriesCutBy(arena, 17, 1023)).toEqual([left])
  expect(entriesCutBy(arena, 0, 600)).toEqual([right])
  expect(entriesCutBy(arena, 31, 512)).toEqual([left, right])
  expect(entriesCutBy(arena, 2000, 3000)).toEqual([])
})
