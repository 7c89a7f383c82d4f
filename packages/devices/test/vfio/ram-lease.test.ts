import { KiB } from '@hostbridge/core/address'
import { ram } from '@hostbridge/core/memory'
import { HostMemory } from '@hostbridge/devices/vfio'
import { expect, test } from 'vitest'
import { RamLease } from '../../src/vfio/ram-lease.ts'

test('a lease goes back to a mark and keeps what was taken before', () => {
  const memory = new HostMemory('host', 4n * KiB)
  const lease = new RamLease(memory)
  const [a, b] = [ram('a', 64n * KiB), ram('b', 64n * KiB)]
  const first = lease.frameOf(a)
  const mark = lease.mark()
  lease.frameOf(b)

  lease.backTo(mark)
  const left = memory.placed
  const again = lease.frameOf(a)
  lease.backTo(0)

  expect(left).toBe(1)
  expect(again).toBe(first)
  expect(memory.placed).toBe(0)
})

test('a lease gives back what is needed no more, and takes it anew when asked', () => {
  const memory = new HostMemory('host', 4n * KiB)
  const lease = new RamLease(memory)
  const [a, b] = [ram('a', 64n * KiB), ram('b', 8n * KiB)]
  lease.frameOf(a)
  lease.frameOf(b)
  const asked: unknown[] = []

  lease.keep((kept, first, frames) => {
    asked.push([first, frames])
    return kept === a.memory
  })

  expect(asked).toEqual([
    [0, 16],
    [2 ** 18, 2],
  ])
  expect([memory.placed, lease.mark()]).toEqual([1, 1])
  expect(lease.frameOf(b)).toBe(2 ** 18)
  expect(memory.placed).toBe(2)
})
