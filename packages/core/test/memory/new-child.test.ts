import { expect, test } from 'vitest'
import { alias, container, ram } from '../../src/memory/index.ts'

test('a region that is in a container already is refused, and all three are named (MR-8)', () => {
  const first = container('first')
  const second = container('second')
  const child = ram('ram', 0x1000n)
  first.add(child, 0n)

  expect(() => second.add(child, 0n)).toThrow(
    "'ram' cannot be added to 'second': it is in 'first' already; add an alias",
  )
  expect(second.children).toEqual([])
})

test('a region to itself is refused', () => {
  const bus = container('bus')

  expect(() => bus.add(bus, 0n)).toThrow("'bus' cannot be added to 'bus'")
})

test('a container to what it contains is refused', () => {
  const outer = container('outer')
  const inner = container('inner')
  outer.add(inner, 0n)

  expect(() => inner.add(outer, 0n)).toThrow("'outer' cannot be added to 'inner': 'inner' is seen in 'outer'")
})

test('an alias below its own target is refused (MR-7)', () => {
  const bus = container('bus')
  const inner = container('inner')
  bus.add(inner, 0n)

  expect(() => inner.add(alias('loop', alias('bus-alias', bus)), 0n)).toThrow(
    "'loop' cannot be added to 'inner': 'inner' is seen in 'loop'",
  )
})

test('a child to an alias is refused (MR-6)', () => {
  const window = alias('window', ram('ram', 0x1000n))

  expect(() => window.add(ram('child', 1n), 0n)).toThrow(
    "cannot be added to the alias 'window': add it to the region 'ram'",
  )
})
