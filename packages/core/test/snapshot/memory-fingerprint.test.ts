import { test as property } from '@fast-check/vitest'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { Machine } from '../../src/machine/machine.ts'
import { ram } from '../../src/memory/ram-region.ts'
import { memoryFingerprint } from '../../src/snapshot/memory-fingerprint.ts'

const SIZE = 0x1_0006n

function machineWith(writes: readonly (readonly [place: number, byte: number])[], size = SIZE, name = 'ram') {
  const machine = new Machine('pc')
  const { memory } = machine.map(0n, ram(name, size))
  for (const [place, byte] of writes) memory.write(BigInt(place), Uint8Array.of(byte))
  return machine
}

describe('the fingerprint of memory', () => {
  property.prop(
    [
      fc.array(fc.tuple(fc.nat(Number(SIZE) - 1), fc.nat(255)), { maxLength: 5 }),
      fc.nat(Number(SIZE) - 1),
      fc.nat(255),
    ],
    { numRuns: 30 },
  )('changes with any byte and with nothing else', (writes, place, byte) => {
    const before = machineWith(writes)
    const after = machineWith([...writes, [place, byte]])

    const same = byte === (writes.findLast(([at]) => at === place)?.[1] ?? 0)
    expect(memoryFingerprint(before) === memoryFingerprint(after)).toBe(same)
  })

  test('is that of untouched memory where zeros were written', () => {
    expect(memoryFingerprint(machineWith([[5, 0]]))).toBe(memoryFingerprint(machineWith([])))
  })

  test('tells where bytes are, how large the memory is and what it is called', () => {
    const all = [
      machineWith([[0, 1]]),
      machineWith([[16, 1]]),
      machineWith([[0x1_0000, 1]]),
      machineWith([[0, 1]], SIZE + 1n),
      machineWith([[0, 1]], SIZE, 'other'),
    ]

    expect(new Set(all.map(memoryFingerprint)).size).toBe(5)
  })
})
