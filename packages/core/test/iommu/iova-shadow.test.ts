import { describe, expect, test } from 'vitest'
import { IovaTree, noteMapped, noteUnmapped } from '../../src/iommu/index.ts'

const page = { start: 0x1000n, last: 0x1fffn }
const large = { start: 0n, last: 0xffffn }
const to = (translatedAddress: bigint, permission = 3) => ({ translatedAddress, permission })

describe('the shadow of a page table', () => {
  test('announces a mapping once: an identical one is known already (VT-7, hazard 40)', () => {
    const tree = new IovaTree()

    const changes = [noteMapped(tree, page, to(0x5000n)), noteMapped(tree, page, to(0x5000n))]

    expect(changes).toEqual([{ announce: 'map' }, { announce: 'nothing' }])
  })

  test.each([
    ['another target', page, to(0x6000n)],
    ['another permission', page, to(0x5000n, 1)],
    ['another size', large, to(0x4000n)],
  ])('announces a change to %s as an unmap and a map (VT-7, hazard 40)', (_, range, target) => {
    const tree = new IovaTree()
    noteMapped(tree, page, to(0x5000n))

    const change = noteMapped(tree, range, target)

    expect(change).toEqual({ announce: 'unmap-map', gone: [{ ...page, value: to(0x5000n) }] })
    expect([...tree]).toEqual([{ ...range, value: target }])
  })

  test('forgets all that a new mapping touches (VT-7)', () => {
    const tree = new IovaTree()
    for (const start of [0n, 0x1000n, 0xf000n, 0x10000n]) noteMapped(tree, { start, last: start + 0xfffn }, to(start))

    noteMapped(tree, large, to(0x100000n))

    expect([...tree].map(({ start }) => start)).toEqual([0n, 0x10000n])
  })

  test('announces an unmap only where something was, and says what (VT-7, VT-8, hazard 40)', () => {
    const tree = new IovaTree()
    noteMapped(tree, large, to(0n))

    const changes = [noteUnmapped(tree, page), noteUnmapped(tree, page)]

    expect(changes).toEqual([{ announce: 'unmap', gone: [{ ...large, value: to(0n) }] }, { announce: 'nothing' }])
  })
})
