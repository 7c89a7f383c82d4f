import { expect, test } from 'vitest'
import { container, MemorySystem, MemTx, unimplemented } from '../../src/memory/index.ts'

test('what is not there yet answers like nothing, and counts who asks', () => {
  const root = container('root')
  const region = unimplemented('gpu', 0x1000n)
  root.add(region, 0n)
  const space = new MemorySystem('machine').createSpace('memory', root)
  const into = new Uint8Array(8).fill(0xff)

  const results = [space.read(0n, into), space.write(0n, new Uint8Array(4))]

  expect(results).toEqual([MemTx.decodeError, MemTx.decodeError])
  expect(into).toEqual(new Uint8Array(8))
  expect([region.reads, region.writes]).toEqual([2, 1])
})
