import { expect, test } from 'vitest'
import { alias, container, MemorySystem, ram } from '../../src/memory/index.ts'
import { viewRoot } from '../../src/memory/view-root.ts'

test('descends through whole aliases and containers with one enabled child at 0 (FV-9)', () => {
  const memory = ram('ram', 0x1000n)
  const inner = container('inner', 0x2000n)
  const hidden = ram('hidden', 0x1000n)
  inner.add(memory, 0n)
  inner.add(hidden, 0n, { priority: 1 })
  hidden.setEnabled(false)

  expect(viewRoot(alias('all', inner))).toBe(memory)
})

test.each([
  ['an alias from the middle', alias('tail', ram('ram', 0x2000n), { offset: 0x1000n })],
  ['an alias of a part', alias('part', ram('ram', 0x2000n), { size: 0x1000n })],
  ['a container whose child is elsewhere', withChild(0x1000n, 0x1000n)],
  ['a container whose child does not fit', withChild(0n, 0x8000n)],
  ['a container with two children', withTwo()],
  ['a region that terminates', ram('ram', 0x1000n)],
])('%s is rendered itself (FV-9)', (_, region) => {
  expect(viewRoot(region)).toBe(region)
})

test('nothing is seen behind a disabled region, and in an empty container (FV-9)', () => {
  const memory = ram('ram', 0x1000n)
  memory.setEnabled(false)

  expect(viewRoot(alias('all', memory))).toBeUndefined()
  expect(viewRoot(container('empty'))).toBeUndefined()
})

test('a read-only alias that is skipped has no say (FV-10)', () => {
  const window = alias('window', ram('ram', 0x1000n))
  window.setReadonly(true)

  const space = new MemorySystem('machine').createSpace('memory', window)

  expect(space.find(0n)?.readonly).toBe(false)
})

test('a root`s own address shifts what it shows (FV-11)', () => {
  const memory = ram('ram', 0x1000n)
  container('elsewhere').add(memory, 0x5000n)

  const space = new MemorySystem('machine').createSpace('memory', alias('window', memory))

  expect(space.find(0n)).toBeUndefined()
  expect(space.find(0x5000n)).toMatchObject({ start: 0x5000n, offset: 0n })
})

function withTwo() {
  const bus = container('bus', 0x4000n)
  bus.add(ram('other', 0x1000n), 0x2000n)
  bus.add(ram('child', 0x1000n), 0n)
  return bus
}

function withChild(offset: bigint, size: bigint) {
  const bus = container('bus', 0x4000n)
  bus.add(ram('child', size), offset)
  return bus
}
