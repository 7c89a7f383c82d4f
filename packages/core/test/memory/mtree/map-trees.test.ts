import { expect, test } from 'vitest'
import { alias, container, MemorySystem, mmio, ram } from '../../../src/memory/index.ts'
import {
  aliasTargets,
  inWrittenOrder,
  treesOf,
  treesWithTargets,
  viewsOf,
} from '../../../src/memory/mtree/map-trees.ts'
import { board } from './board.ts'

const ops = { read: () => 0, write() {} }

test('children stand by ascending address, at one address by descending priority, the newest first (PI-4)', () => {
  const root = container('root')
  root.add(mmio('high', 1n, ops), 0x20n, { priority: 9 })
  root.add(mmio('older', 1n, ops), 0x10n)
  root.add(mmio('newer', 1n, ops), 0x10n)
  root.add(mmio('important', 1n, ops), 0x10n, { priority: 1 })

  expect(inWrittenOrder(root).map(({ name }) => name)).toEqual(['important', 'newer', 'older', 'high'])
})

test('a root that several spaces show is one tree', () => {
  const trees = treesOf(board().system.spaces)

  expect(trees.map(({ root, spaces }) => [root.name, ...spaces.map(({ name }) => name)])).toEqual([
    ['system', 'memory', 'cpu'],
    ['pci-dma', 'nic'],
    ['empty', 'void'],
  ])
})

test('what only aliases show follows once, with all of its tree, and what that shows too (PI-4)', () => {
  const system = new MemorySystem('machine')
  const deep = ram('deep', 0x1000n)
  const behind = container('behind')
  const part = container('part')
  behind.add(part, 0n)
  behind.add(alias('to deep', deep), 0x1000n)
  const root = container('root')
  root.add(alias('one', part), 0n)
  root.add(alias('two', part), 0x10n)
  const space = system.createSpace('memory', root)

  const trees = treesWithTargets(treesOf([space]))

  expect(trees.map((tree) => tree.root.name)).toEqual(['root', 'behind', 'deep'])
})

test('the targets of aliases come in the order of the tree, with repetitions', () => {
  const root = container('root')
  const memory = ram('memory', 0x1000n)
  root.add(alias('late', ram('other', 1n)), 0x20n)
  root.add(alias('early', memory), 0n)
  root.add(alias('middle', memory), 0x10n)

  expect([...aliasTargets(root)].map(({ name }) => name)).toEqual(['memory', 'memory', 'other'])
})

test('spaces that share a view are together', () => {
  const views = viewsOf(board().system.spaces)

  expect([...views.values()].map((spaces) => spaces.map(({ name }) => name))).toEqual([
    ['memory', 'cpu'],
    ['nic'],
    ['void'],
  ])
})
