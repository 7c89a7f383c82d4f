import { describe, expect, test } from 'vitest'
import { queryIotlb } from '../../src/iommu/index.ts'
import { Permission } from '../../src/memory/index.ts'
import { nestedScene } from './nested-scene.ts'

const nothing = { target: undefined, iova: 0n, translatedAddress: 0n, mask: 0n, permission: 0 }

describe('queryIotlb', () => {
  test('answers a page without any IOMMU, for read and write (TE-8)', () => {
    const { memory } = nestedScene()

    expect(queryIotlb(memory, 0x30123n)).toEqual({
      ...{ target: memory, iova: 0x30000n, translatedAddress: 0x30000n, mask: 0xfffn },
      permission: Permission.readWrite,
    })
  })

  test('answers read and write whatever the entry permits, but only what it permits is found (TE-8)', () => {
    const { dma, memory } = nestedScene({ inner: [{ iova: 0x5000n, size: 0x1000n, to: 0x2000n, access: 'r' }] })

    const entry = queryIotlb(dma, 0x5678n)

    expect(entry).toEqual({ target: memory, iova: 0x5000n, translatedAddress: 0x2000n, mask: 0xfffn, permission: 3 })
    expect(queryIotlb(dma, 0x5678n, Permission.write)).toEqual(nothing)
  })

  test('goes through nested IOMMUs with the mask of the smallest entry (TE-6, TE-8)', () => {
    const { nested, memory } = nestedScene({
      outer: [{ iova: 0x10_0000n, size: 0x10000n, to: 0x80_0000n, access: 'rw', pageSize: 0x10000n }],
      inner: [{ iova: 0x80_0000n, size: 0x10000n, to: 0x8000n, access: 'rw', pageSize: 0x4000n }],
    })

    const entry = queryIotlb(nested, 0x10_5432n)

    expect(entry).toEqual({
      ...{ target: memory, iova: 0x10_4000n, translatedAddress: 0xc000n, mask: 0x3fffn },
      permission: 3,
    })
  })

  test('fails with all zeros where nothing is mapped, or nothing answers (TE-8)', () => {
    const { memory, dma, nested } = nestedScene({
      inner: [{ iova: 0n, size: 0x1000n, to: 0x90000n, access: 'rw' }],
      outer: [{ iova: 0n, size: 0x1000n, to: 0x7000n, access: 'rw' }],
    })

    const answers = [
      queryIotlb(memory, 0x90000n),
      queryIotlb(dma, 0n),
      queryIotlb(nested, 0n),
      queryIotlb(dma, 1n << 40n),
    ]

    expect(answers).toEqual([nothing, nothing, nothing, nothing])
  })
})
