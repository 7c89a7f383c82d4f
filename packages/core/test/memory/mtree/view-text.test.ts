import { expect, test } from 'vitest'
import { container, formatFlatView, formatFlatViews, MemorySystem } from '../../../src/memory/index.ts'
import { board } from './board.ts'

test('each distinct flat view is written once, with all of its spaces (PI-4)', () => {
  expect(`\n${formatFlatViews(board().system)}`).toMatchInlineSnapshot(`
    "
    flat view of memory, cpu
      0000000000000000-00000000bfffffff       3 GiB  ram        dram
      00000000d0000000-00000000d0001000      4097 B  mmio       uart
      00000000d1000000-00000000d100ffff      64 KiB  ram        nvram non-volatile
      00000000d2000000-00000000d2007fff      32 KiB  romd       flash not in ROM mode
      00000000d3000000-00000000d3000fff       4 KiB  reserved   tpm
      00000000febc0000-00000000febdffff     128 KiB  ramd       card-bar
      0000000100000000-000000013fffffff       1 GiB  ram        dram @00000000c0000000
      ffffffffffff0000-ffffffffffffffff      64 KiB  rom        firmware

    flat view of nic
      0000000000000000-000000003fffffff       1 GiB  iommu      window

    flat view of void
      nothing
    "
  `)
})

test('one space alone can be written', () => {
  expect(formatFlatView(board().memory).split('\n')[0]).toBe('flat view of memory')
})

test('a flat view of nothing', () => {
  const space = new MemorySystem('machine').createSpace('empty', container('root'))

  expect(`\n${formatFlatView(space)}`).toMatchInlineSnapshot(`
    "
    flat view of empty
      nothing
    "
  `)
})
