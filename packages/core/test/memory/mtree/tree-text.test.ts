import { expect, test } from 'vitest'
import { container, formatTree, MemorySystem, ram } from '../../../src/memory/index.ts'
import { board } from './board.ts'

test('a tree says of each region where it is, how large, what, and what is special about it', () => {
  expect(`\n${formatTree(board().system)}`).toMatchInlineSnapshot(`
    "
    address space memory, cpu
      0000000000000000-ffffffffffffffff      16 EiB  container system
        0000000000000000-00000000bfffffff       3 GiB  alias     low  -> dram [0000000000000000-00000000bfffffff]
        00000000c0000000-00000000ffffffff       1 GiB  alias     hole  -> pci [00000000c0000000-00000000ffffffff]  priority -1
        00000000d0000000-00000000d0001000      4097 B  mmio      uart  priority 2  of uart0
        00000000d0000000-00000000d0000fff       4 KiB  mmio      hidden  disabled
        00000000d1000000-00000000d100ffff      64 KiB  ram       nvram  non-volatile
        00000000d2000000-00000000d2007fff      32 KiB  romd      flash  not in ROM mode
        00000000d3000000-00000000d3000fff       4 KiB  reserved  tpm
        0000000100000000-000000013fffffff       1 GiB  alias     high  -> dram [00000000c0000000-00000000ffffffff]
        ffffffffffff0000-ffffffffffffffff      64 KiB  rom       firmware

    address space nic
      0000000000000000-ffffffffffffffff      16 EiB  container pci-dma
        0000000000000000-000000003fffffff       1 GiB  iommu     window

    address space void
      0000000000000000-0000000000000fff       4 KiB  container empty

    region dram
      0000000000000000-00000000ffffffff       4 GiB  ram       dram

    region pci
      0000000000000000-00000000ffffffff       4 GiB  container pci
        00000000febc0000-00000000febdffff     128 KiB  ramd      card-bar  priority 1
    "
  `)
})

test('a space that shows a part of another is a tree of its own', () => {
  const root = container('root')
  const firmware = ram('firmware', 0x1000n)
  root.add(firmware, 0xffff_f000n)
  const system = new MemorySystem('machine')
  system.createSpace('memory', root)

  system.createSpace('boot', firmware)
  system.createSpace('loader', firmware)

  expect(formatTree(system)).toContain('address space boot, loader\n  00000000fffff000-00000000ffffffff')
})

test('a region alone can be written', () => {
  const [, , , hidden] = board().memory.root.children

  expect(`\n${formatTree(hidden!)}`).toMatchInlineSnapshot(`
    "
    region flash
      00000000d2000000-00000000d2007fff      32 KiB  romd      flash  not in ROM mode
    "
  `)
})
