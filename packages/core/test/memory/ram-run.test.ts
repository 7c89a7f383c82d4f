import { expect, test } from 'vitest'
import { alias, container, MemorySystem, mmio, ram, rom } from '../../src/memory/index.ts'

function build() {
  const root = container('root')
  const memory = ram('ram', 0x18000n)
  const flash = rom('rom', 0x2000n)
  root.add(memory, 0x4000n)
  root.add(flash, 0x100000n)
  root.add(mmio('uart', 0x1000n, { read: () => 0, write() {} }), 0x200000n)
  root.add(alias('odd', memory, { offset: 0x10n, size: 0x2800n }), 0x300000n)
  return { memory, flash, space: new MemorySystem('machine').createSpace('memory', root) }
}

test('pages of one region that follow each other are one run', () => {
  const { memory, space } = build()

  expect(space.resolve(6, 4)).toEqual({ region: memory, offset: 0x2000n, frames: 4, readonly: false })
})

test('a run ends with its section', () => {
  const { memory, space } = build()

  expect(space.resolve(0x14, 100)).toEqual({ region: memory, offset: 0x10000n, frames: 8, readonly: false })
})

test('ROM says that it is read-only', () => {
  const { flash, space } = build()

  expect(space.resolve(0x100, 1)).toEqual({ region: flash, offset: 0n, frames: 1, readonly: true })
})

test('a section that is read-only by its alias says so', () => {
  const { memory, space } = build()
  const window = alias('window', memory)
  window.setReadonly(true)
  space.root.add(window, 0x400000n)

  expect(space.resolve(0x400, 1)).toEqual({ region: memory, offset: 0n, frames: 1, readonly: true })
})

test('a page may begin anywhere in the region, and one that the section ends in does not count', () => {
  const { memory, space } = build()

  expect(space.resolve(0x300, 8)).toEqual({ region: memory, offset: 0x10n, frames: 2, readonly: false })
  expect(space.resolve(0x302, 1)).toBeUndefined()
})

test.each([
  ['registers', 0x200],
  ['a hole', 0],
])('%s are no RAM', (_, frame) => {
  expect(build().space.resolve(frame, 1)).toBeUndefined()
})
