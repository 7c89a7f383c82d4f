import { expect, test } from 'vitest'
import { container, MemorySystem, MemTx, ramDevice } from '../../src/memory/index.ts'

test('an access ends with the section of a RAM device, also on a page that has been found before (LK-2)', () => {
  const root = container('root')
  const card = container('card', 7n)
  card.add(ramDevice('bar', 0x1000n), 0n)
  root.add(card, 0n)
  const space = new MemorySystem('machine').createSpace('memory', root)
  space.write(0n, new Uint8Array(1))

  expect(space.read(4n, new Uint8Array(4))).toBe(MemTx.decodeError)
})
