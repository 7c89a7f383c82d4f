import { expect, test } from 'vitest'
import { container, MemorySystem, ram } from '../../../src/memory/index.ts'
import { itemsOf } from '../../../src/memory/mtree/picture-items.ts'
import { board } from './board.ts'

test('what is seen has depth 0, the tree one more for each container around', () => {
  const items = itemsOf(board().memory)

  expect(items.filter(({ depth }) => depth === 0).map(({ name }) => name)).toEqual([
    'dram',
    'uart',
    'nvram',
    'flash',
    'tpm',
    'card-bar',
    'dram',
    'firmware',
  ])
  expect(items.filter(({ depth }) => depth > 0).map(({ depth, name }) => `${depth} ${name}`)).toMatchInlineSnapshot(`
    [
      "1 system",
      "2 low → dram",
      "2 hole → pci",
      "2 uart",
      "2 hidden",
      "2 nvram",
      "2 flash",
      "2 tpm",
      "2 high → dram",
      "2 firmware",
    ]
  `)
})

test('regions are cut to what is above them, and one that lies outside is left out (MR-5)', () => {
  const root = container('root', 0x1000n)
  root.add(ram('sticks out', 0x1000n), 0x800n)
  root.add(ram('outside', 0x1000n), 0x1000n)
  const space = new MemorySystem('machine').createSpace('memory', root)

  const tree = itemsOf(space).filter(({ depth }) => depth > 0)

  expect(tree.map(({ name, start, last }) => [name, start, last])).toEqual([
    ['root', 0n, 0xfffn],
    ['sticks out', 0x800n, 0xfffn],
  ])
  expect(tree[1]!.detail).toBe('0000000000000800-00000000000017ff (4 KiB)  ram  sticks out')
})

test('what is below a disabled region is disabled too (MR-10)', () => {
  const root = container('root')
  const off = container('off')
  off.add(ram('ram', 0x1000n), 0n)
  off.setEnabled(false)
  root.add(off, 0n)
  const space = new MemorySystem('machine').createSpace('memory', root)

  expect(itemsOf(space).map(({ name, disabled }) => [name, disabled])).toEqual([
    ['root', false],
    ['off', true],
    ['ram', true],
  ])
})
