import { expect, test } from 'vitest'
import { alias, container, MemorySystem, ram, romDevice } from '../../../src/memory/index.ts'
import { kindOf, marksOf, marksOfRange } from '../../../src/memory/mtree/marks.ts'

const ops = { read: () => 0, write() {} }

test('a region as it is made has no marks', () => {
  expect(marksOf(ram('ram', 0x1000n))).toEqual([])
})

test('all that is special about a region is said', () => {
  const root = container('root')
  const flash = romDevice('flash', 0x1000n, ops).ownedBy({ name: 'board' })
  flash.setRomMode(false)
  flash.setReadonly(true)
  flash.setNonvolatile(true)
  flash.setUnmergeable(true)
  flash.setEnabled(false)
  root.add(flash, 0n, { priority: -3 })

  expect(marksOf(flash)).toEqual([
    'priority -3',
    'read-only',
    'non-volatile',
    'unmergeable',
    'not in ROM mode',
    'of board',
    'disabled',
  ])
})

test('an alias names its target and the part that it shows (PI-3)', () => {
  const part = alias('part', ram('ram', 0x3000n), { offset: 0x1000n })

  expect(marksOf(part)).toEqual(['-> ram [0000000000001000-0000000000002fff]'])
})

test('what is seen has the flags of everything above it, and says where in its region it begins (MR-11)', () => {
  const memory = ram('ram', 0x3000n)
  const view = alias('view', memory, { offset: 0x1000n })
  view.setReadonly(true)
  view.setNonvolatile(true)
  view.setUnmergeable(true)
  const flash = romDevice('flash', 0x1000n, ops)
  flash.setRomMode(false)
  const root = container('root')
  root.add(view, 0n)
  root.add(flash, 0x8000n)
  const { ranges } = new MemorySystem('machine').createSpace('memory', root).flatView

  expect(Array.from(ranges, (range) => [kindOf(range), ...marksOfRange(range)])).toEqual([
    ['rom', '@0000000000001000', 'non-volatile', 'unmergeable'],
    ['romd', 'not in ROM mode'],
  ])
})

test('a device behind a read-only alias is still a device', () => {
  const view = alias('view', romDevice('flash', 0x1000n, ops))
  view.setReadonly(true)
  const root = container('root')
  root.add(view, 0x1000n)
  const [range] = [...new MemorySystem('machine').createSpace('memory', root).flatView.ranges]

  expect([kindOf(range!), ...marksOfRange(range!)]).toEqual(['romd', 'read-only'])
})
