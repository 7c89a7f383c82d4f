import { expect, test } from 'vitest'
import { container, MappingRefusedError, MemorySystem, ram } from '../../src/memory/index.ts'

const refused = [{ iova: 0x2000n, size: 0x1000n, code: 'limit', reason: 'the table is full' }]

test('a refusal lists its runs', () => {
  const { code, message } = new MappingRefusedError("plugging 'nic'", refused)

  expect(code).toBe('memory.refused')
  expect(message).toBe("plugging 'nic' was refused:\n  [0x2000, 0x2fff] (0x1000 bytes): the table is full [limit]")
})

test('where the space is known, it shows the map around the first', () => {
  const root = container('root')
  root.add(ram('ram', 0x2800n), 0n)
  const space = new MemorySystem('machine').createSpace('dma', root)
  const cause = new Error('why')

  const error = new MappingRefusedError("plugging 'nic'", refused, { space, cause })

  expect(error.cause).toBe(cause)
  expect(error.message).toMatchInlineSnapshot(`
    "plugging 'nic' was refused:
      [0x2000, 0x2fff] (0x1000 bytes): the table is full [limit]
      'dma' around 0x2000:
      > 0000000000000000-00000000000027ff      10 KiB  ram 'ram'
      > 0000000000002800-ffffffffffffffff   ~16.0 EiB  nothing"
  `)
})
