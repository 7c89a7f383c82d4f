import { expect, test } from 'vitest'
import { MemorySystem } from '../../src/memory/index.ts'

test('all rings of a system are flushed in the order in which they came, until they are removed (CM-3)', () => {
  const { coalesced } = new MemorySystem('machine')
  const log: string[] = []
  const rings = ['a', 'b', 'c'].map((name) => ({ flush: () => void log.push(name) }))
  for (const ring of rings) coalesced.add(ring)
  coalesced.remove(rings[1] as (typeof rings)[0])

  coalesced.flush()

  expect(log).toEqual(['a', 'c'])
})
