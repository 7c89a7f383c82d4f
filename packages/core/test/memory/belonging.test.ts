import { expect, test } from 'vitest'
import { alias, container, MemorySystem, ram } from '../../src/memory/index.ts'

function machine() {
  const system = new MemorySystem('machine')
  const root = container('root')
  system.createSpace('memory', root)
  return { system, root }
}

test('everything that hangs together with a root becomes the system`s', () => {
  const system = new MemorySystem('machine')
  const root = container('root')
  const behind = container('behind')
  const target = ram('target', 0x1000n)
  behind.add(target, 0n)
  root.add(alias('window', target), 0n)

  system.createSpace('memory', root)

  expect([root, behind, target].map((region) => region.system)).toEqual([system, system, system])
})

test('a region of another system cannot be added, and both systems are named', () => {
  const { root } = machine()
  const foreign = ram('nic-rom', 0x1000n)
  new MemorySystem('host').createSpace('memory', foreign)

  expect(() => root.add(foreign, 0n)).toThrow("'nic-rom' belongs to 'host' and cannot become a part of 'machine'")
  expect(root.children).toEqual([])
})

test('a tree with a foreign region behind an alias is bound in no part', () => {
  const { root } = machine()
  const foreign = ram('foreign', 0x1000n)
  new MemorySystem('host').createSpace('memory', foreign)
  const bus = container('bus')
  bus.add(alias('window', foreign), 0n)

  expect(() => root.add(bus, 0n)).toThrow('foreign')
  expect(root.system?.name).toBe('machine')
  expect(bus.container).toBeUndefined()
})

test('a free region takes the system of a child', () => {
  const { system } = machine()
  const bound = ram('bound', 0x1000n)
  system.adopt(bound)
  const free = container('free')

  free.add(bound, 0n)

  expect(free.system).toBe(system)
})

test('what is added behind an alias later is bound too', () => {
  const { system, root } = machine()
  const behind = container('behind')
  root.add(alias('window', behind), 0n)
  const late = ram('late', 0x1000n)

  behind.add(late, 0n)

  expect(late.system).toBe(system)
})
