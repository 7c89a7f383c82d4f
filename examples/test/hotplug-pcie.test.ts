import { expect, test } from 'vitest'
import { main } from '../hotplug-pcie.ts'

test('a card that is put into a running machine is used by its guest, and leaves when the guest lets it go', () => {
  const lines: string[] = []

  const { now, devices } = main((line) => lines.push(line))

  expect([now, devices]).toEqual([15_000_010_000n, 2])
  expect(lines.join('\n')).toMatchInlineSnapshot(`
    "  1000 ms  somebody puts a card into the slot
      1000 ms  interrupt: attentionButton, presenceChanged, present
      6000 ms  interrupt: present, linkChanged
      6000 ms  1234:11e8 answers
      6000 ms  its identification at 0x10000000 is 0x10000ed
     10000 ms  somebody wishes the card to leave
     10000 ms  interrupt: attentionButton, present
     15000 ms  interrupt: present, linkChanged
     15000 ms  interrupt: presenceChanged
     15000 ms  'edu' has left the machine
    Nothing waits any more at 15000 ms; 2 devices are left."
  `)
})
