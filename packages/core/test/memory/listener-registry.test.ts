import { expect, test } from 'vitest'
import { container, MemorySystem } from '../../src/memory/index.ts'
import { ListenerRegistry } from '../../src/memory/listener-registry.ts'

test('listeners are kept in ascending priority, at equal priority as registered (LC-11)', () => {
  const space = new MemorySystem('machine').createSpace('memory', container('root'))
  const registry = new ListenerRegistry()

  for (const [name, priority] of [
    ['a', 5],
    ['b', 0],
    ['c', 5],
    ['d', 10],
    ['e', 0],
  ] as const) {
    registry.add({ name, priority }, space)
  }

  expect(registry.of(space).map(({ name }) => name)).toEqual(['b', 'e', 'a', 'c', 'd'])
})
