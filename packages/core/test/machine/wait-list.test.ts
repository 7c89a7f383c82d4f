import { expect, test } from 'vitest'
import { WaitList } from '../../src/machine/wait-list.ts'

test('those who wait are listed until their wait ends, and reported all the same', () => {
  const waits = new WaitList()
  const first = waits.begin('dma', 'iommu', 'a page')
  waits.begin('iommu', 'dma', 'room')

  const before = waits.report()
  first.end()

  expect(before).toEqual(['deadlock: dma waits for iommu (a page), iommu waits for dma (room)'])
  expect(Array.from(waits, ({ who }) => who)).toEqual(['iommu'])
  expect(waits.report()).toEqual(['iommu waits for dma (room)'])
  waits.clear()
  expect([[...waits], waits.size]).toEqual([[], 0])
})
