import { expect, test } from 'vitest'
import { alias, container, formatQemuFlatViews, formatQemuTree, MemorySystem, ram } from '../../../src/memory/index.ts'
import { board } from './board.ts'

test('trees are written as QEMU writes them, targets of aliases once at the end (PI-3, PI-4)', () => {
  expect(`\n${formatQemuTree(board().system)}`).toMatchInlineSnapshot(`
    "
    address-space: memory
    address-space: cpu
      0000000000000000-ffffffffffffffff (prio 0, i/o): system
        0000000000000000-00000000bfffffff (prio 0, ram): alias low @dram 0000000000000000-00000000bfffffff
        00000000c0000000-00000000ffffffff (prio -1, i/o): alias hole @pci 00000000c0000000-00000000ffffffff
        00000000d0000000-00000000d0001000 (prio 2, i/o): uart
        00000000d0000000-00000000d0000fff (prio 0, i/o): hidden [disabled]
        00000000d1000000-00000000d100ffff (prio 0, nv-ram): nvram
        00000000d2000000-00000000d2007fff (prio 0, i/o): flash
        00000000d3000000-00000000d3000fff (prio 0, i/o): tpm
        0000000100000000-000000013fffffff (prio 0, ram): alias high @dram 00000000c0000000-00000000ffffffff
        ffffffffffff0000-ffffffffffffffff (prio 0, rom): firmware

    address-space: nic
      0000000000000000-ffffffffffffffff (prio 0, i/o): pci-dma
        0000000000000000-000000003fffffff (prio 0, i/o): window

    address-space: void
      0000000000000000-0000000000000fff (prio 0, i/o): empty

    memory-region: dram
      0000000000000000-00000000ffffffff (prio 0, ram): dram

    memory-region: pci
      0000000000000000-00000000ffffffff (prio 0, i/o): pci
        00000000febc0000-00000000febdffff (prio 1, ramd): card-bar

    "
  `)
})

test('flat views are written as QEMU writes them: a block a view, offsets where there are any (PI-4)', () => {
  expect(`\n${formatQemuFlatViews(board().system)}`).toMatchInlineSnapshot(`
    "
    FlatView #0
     AS "memory", root: system
     AS "cpu", root: system
     Root memory region: system
      0000000000000000-00000000bfffffff (prio 0, ram): dram
      00000000d0000000-00000000d0001000 (prio 2, i/o): uart
      00000000d1000000-00000000d100ffff (prio 0, nv-ram): nvram
      00000000d2000000-00000000d2007fff (prio 0, i/o): flash
      00000000d3000000-00000000d3000fff (prio 0, i/o): tpm
      00000000febc0000-00000000febdffff (prio 1, ramd): card-bar
      0000000100000000-000000013fffffff (prio 0, ram): dram @00000000c0000000
      ffffffffffff0000-ffffffffffffffff (prio 0, rom): firmware

    FlatView #1
     AS "nic", root: pci-dma
     Root memory region: window
      0000000000000000-000000003fffffff (prio 0, i/o): window

    FlatView #2
     AS "void", root: empty
     Root memory region: (none)
      No rendered FlatView

    "
  `)
})

test('an alias has the type of what it shows in the end, and whatever is read-only is rom where it is seen (PI-3, PI-4)', () => {
  const memory = ram('ram', 0x1000n)
  const outer = alias('outer', alias('inner', memory))
  outer.setReadonly(true)
  const root = container('root')
  root.add(outer, 0x8000n)
  const system = new MemorySystem('machine')
  system.createSpace('memory', root)

  expect(formatQemuTree(system)).toContain('(prio 0, ram): alias outer @inner 0000000000000000-0000000000000fff')
  expect(formatQemuFlatViews(system)).toContain('(prio 0, rom): ram')
})

test('a space whose root is an alias names its target too', () => {
  const system = new MemorySystem('machine')
  const memory = ram('ram', 0x1000n)

  system.createSpace('memory', alias('all', memory))

  expect(formatQemuFlatViews(system)).toContain(' AS "memory", root: all, alias ram\n Root memory region: ram\n')
})

test('addresses beyond the space wrap to 64 bits (PI-3)', () => {
  const root = container('root')
  root.add(ram('ram', 0x2000n), 2n ** 64n - 0x1000n)
  const system = new MemorySystem('machine')
  system.createSpace('memory', root)

  expect(formatQemuTree(system)).toContain('fffffffffffff000-0000000000000fff (prio 0, ram): ram')
})

test('what is shown by an alias below a target follows too, each once (PI-4)', () => {
  const deep = ram('deep', 0x1000n)
  const part = container('part', 0x2000n)
  part.add(alias('to deep', deep), 0n)
  part.add(alias('to deep again', deep), 0x1000n)
  const root = container('root')
  root.add(alias('to part', part), 0n)
  const system = new MemorySystem('machine')
  system.createSpace('memory', root)

  const blocks = formatQemuTree(system).match(/^[a-z-]+: \w+$/gm)

  expect(blocks).toEqual(['address-space: memory', 'memory-region: part', 'memory-region: deep'])
})
