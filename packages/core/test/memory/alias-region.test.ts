import { expect, test } from 'vitest'
import { alias, container, MemorySystem, ram } from '../../src/memory/index.ts'
import { mapText } from './map-text.ts'

test('shows all that follows its offset unless it has a size', () => {
  expect(alias('tail', ram('ram', 0x3000n), { offset: 0x1000n }).size).toBe(0x2000n)
})

test('cannot begin where its target ends unless it has a size, and both are named', () => {
  const target = ram('ram', 0x1000n)

  expect(() => alias('tail', target, { offset: 0x1000n })).toThrow(
    "alias 'tail' cannot begin at 0x1000 of 'ram', which has 0x1000 bytes: give the alias a size, or let it begin sooner",
  )
  expect(alias('tail', target, { offset: 0x1000n, size: 0x1000n }).size).toBe(0x1000n)
})

test('shows another part when its offset moves, and what is added to its target (MR-7)', () => {
  const bus = container('bus')
  const target = ram('ram', 0x1000n)
  bus.add(target, 0x1000n)
  const window = alias('window', bus, { size: 0x1000n })
  const space = new MemorySystem('machine').createSpace('memory', window)
  const before = mapText(space)

  window.setTargetOffset(0x1800n)
  const moved = mapText(space)
  bus.add(ram('more', 0x1000n), 0x2000n)

  expect([before, moved, mapText(space)]).toEqual(['', 'ram[0..7ff]@800', 'ram[0..7ff]@800 more[800..fff]'])
})
