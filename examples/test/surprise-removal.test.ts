import { expect, test } from 'vitest'
import { main } from '../surprise-removal.ts'

test('the DMA of a card that is pulled faults, and nothing hangs', () => {
  const lines: string[] = []

  const result = main((line) => lines.push(line))

  expect(result).toEqual({ faults: 1, ended: 'idle' })
  expect(lines.join('\n')).toMatchInlineSnapshot(`
    " 1100 µs  the DMA is under way; 01:00.0 is 0x11e81234
     1200 µs  the card is pulled: the slot says presenceChanged, linkChanged; 01:00.0 is 0xffffffff
     1500 µs  fault: the read of 'edu' at 0x40000000 failed, it is cut off: its slot gives it no link
     2200 µs  'edu' has left the machine
     5100 µs  nothing waits any more; in the slot sits 'new card'"
  `)
})
