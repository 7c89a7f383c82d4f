import { expect, test } from 'vitest'
import { describeMap } from '../../../src/memory/index.ts'
import { board } from './board.ts'

test('the whole map is plain data that survives JSON', () => {
  const data = describeMap(board().system)

  expect(JSON.parse(JSON.stringify(data))).toEqual(data)
})

test('trees stand as they are written, what only aliases show without spaces (PI-4)', () => {
  const { trees } = describeMap(board().system)

  expect(trees.map(({ spaces, root }) => [root.name, ...spaces])).toEqual([
    ['system', 'memory', 'cpu'],
    ['pci-dma', 'nic'],
    ['empty', 'void'],
    ['dram'],
    ['pci'],
  ])
})

test('a region says all about itself', () => {
  const [system] = describeMap(board().system).trees
  const [low, , hidden, , flash] = system!.root.children

  expect(low).toMatchInlineSnapshot(`
    {
      "children": [],
      "enabled": true,
      "first": "0x0",
      "kind": "alias",
      "last": "0xbfffffff",
      "name": "low",
      "nonvolatile": false,
      "priority": 0,
      "readonly": false,
      "size": "0xc0000000",
      "target": {
        "first": "0x0",
        "last": "0xbfffffff",
        "name": "dram",
      },
      "unmergeable": false,
    }
  `)
  expect(hidden).toMatchObject({
    name: 'uart',
    owner: 'uart0',
    priority: 2,
    first: '0xd0000000',
    last: '0xd0001000',
    enabled: true,
  })
  expect(flash).toMatchObject({ name: 'nvram', nonvolatile: true })
  expect(system!.root.children.find(({ name }) => name === 'flash')).toMatchObject({ kind: 'romd', romMode: false })
})

test('views are there once, with their spaces and the region that they show; the empty one shows none (FV-9)', () => {
  const { views } = describeMap(board().system)

  expect(views.map(({ spaces, root, ranges }) => [root, spaces, ranges.length])).toEqual([
    ['system', ['memory', 'cpu'], 8],
    ['window', ['nic'], 1],
    [null, ['void'], 0],
  ])
  expect(views[0]!.ranges[1]).toMatchInlineSnapshot(`
    {
      "first": "0xd0000000",
      "kind": "mmio",
      "last": "0xd0001000",
      "nonvolatile": false,
      "offset": "0x0",
      "readonly": false,
      "region": "uart",
      "romMode": false,
      "size": "0x1001",
      "unmergeable": false,
    }
  `)
})
