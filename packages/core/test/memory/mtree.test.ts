import { expect, test } from 'vitest'
import {
  alias,
  container,
  formatFlatView,
  formatTree,
  IommuRegion,
  MemorySystem,
  mmio,
  ram,
  rom,
  romDevice,
} from '../../src/memory/index.ts'

function board() {
  const ops = { read: () => 0, write() {} }
  const root = container('system')
  const memory = ram('ram', 2n ** 31n)
  const hidden = mmio('hidden', 0x1000n, ops)
  hidden.setEnabled(false)
  const behind = container('behind', 0x10000n)
  const target = romDevice('flash', 0x8000n, ops)
  behind.add(target, 0x1000n)
  root.add(memory, 0n)
  root.add(mmio('uart', 0x1001n, ops), 0x9000_0000n, { priority: 2 })
  root.add(hidden, 0x9000_0000n)
  root.add(rom('firmware', 0x10000n), 2n ** 64n - 0x10000n)
  root.add(alias('flash-low', target, { offset: 0x4000n }), 0xa000_0000n)
  const bus = container('pci-dma')
  bus.add(new IommuRegion('window', 2n ** 30n, { translate() {} }), 0n)
  const system = new MemorySystem('machine')
  const space = system.createSpace('memory', root)
  system.createSpace('nic', bus)
  return { system, root, space }
}

test('the tree of a system', () => {
  expect(`\n${formatTree(board().system)}`).toMatchInlineSnapshot(`
    "
    address space memory
      0000000000000000-ffffffffffffffff      16 EiB  container system
        0000000000000000-000000007fffffff       2 GiB  ram       ram
        0000000090000000-0000000090001000      4097 B  mmio      uart  priority 2
        0000000090000000-0000000090000fff       4 KiB  mmio      hidden  disabled
        00000000a0000000-00000000a0003fff      16 KiB  alias     flash-low  -> flash [0000000000004000-0000000000007fff]
        ffffffffffff0000-ffffffffffffffff      64 KiB  rom       firmware

    address space nic
      0000000000000000-ffffffffffffffff      16 EiB  container pci-dma
        0000000000000000-000000003fffffff       1 GiB  iommu     window

    region behind
      0000000000000000-000000000000ffff      64 KiB  container behind
        0000000000001000-0000000000008fff      32 KiB  romd      flash
    "
  `)
})

test('a space that shows a part of another is a tree of its own', () => {
  const { system, root } = board()
  const firmware = root.children.find(({ name }) => name === 'firmware')!

  system.createSpace('boot', firmware)
  system.createSpace('loader', firmware)

  expect(formatTree(system)).toContain('address space boot, loader\n  ffffffffffff0000-ffffffffffffffff')
})

test('the tree of a region', () => {
  expect(`\n${formatTree(board().root.children[0]!)}`).toMatchInlineSnapshot(`
    "
    region uart
      0000000090000000-0000000090001000      4097 B  mmio      uart  priority 2
    "
  `)
})

test('a flat view', () => {
  expect(`\n${formatFlatView(board().space)}`).toMatchInlineSnapshot(`
    "
    flat view of memory
      0000000000000000-000000007fffffff       2 GiB  ram        ram
      0000000090000000-0000000090001000      4097 B  mmio       uart
      00000000a0000000-00000000a0003fff      16 KiB  romd       flash @0000000000004000
      ffffffffffff0000-ffffffffffffffff      64 KiB  rom        firmware
    "
  `)
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
