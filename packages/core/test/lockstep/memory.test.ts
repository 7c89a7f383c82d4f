import { expect, test } from 'vitest'
import { allocateMemory, placeDomains } from '../../src/lockstep/memory.ts'
import type { LockstepPlan } from '../../src/lockstep/plan.ts'
import { Ring } from '../../src/lockstep/ring.ts'
import { wire } from './lockstep-of.ts'

const PLAN: LockstepPlan = {
  domains: ['a', 'b', 'c'].map((name) => ({ name, module: '' })),
  links: [wire(5n, 'a', 'b'), { ...wire(9n, 'b', 'a'), name: 'second' }, wire(5n, 'c', 'b')],
}

test('there is one ring for each direction between two linked domains, however many links join them', () => {
  const { rings } = allocateMemory(PLAN, 2)

  expect(rings.map(({ from, to }) => [from, to])).toEqual([
    [1, 0],
    [0, 1],
    [2, 1],
    [1, 2],
  ])
  expect(new Set(rings.map(({ buffer }) => buffer)).size).toBe(4)
  expect(rings.every(({ buffer }) => new Ring(buffer).capacity === 0x1_0000)).toBe(true)
})

test('only threads that are several share memory', () => {
  expect(allocateMemory(PLAN, 1).rings[0]?.buffer).toBeInstanceOf(ArrayBuffer)
  expect(allocateMemory(PLAN, 2).rings[0]?.buffer).toBeInstanceOf(SharedArrayBuffer)
  expect(allocateMemory({ ...PLAN, ringBytes: 2048 }, 2).rings[0]?.buffer.byteLength).toBe(Ring.bytes(2048))
})

test('domains are dealt to the threads in turn', () => {
  expect(placeDomains(PLAN, 2)).toEqual([0, 1, 0])
  expect(placeDomains(PLAN, 1)).toEqual([0, 0, 0])
})
