import { expect, test } from 'vitest'
import { container, MemorySystem, MemTx, Permission, ram, reserved } from '../../src/memory/index.ts'
import { mapText } from './map-text.ts'

function shown() {
  const root = container('root')
  root.add(ram('below', 0x4000n), 0n, { priority: -1 })
  root.add(reserved('hole', 0x1000n), 0x1000n)
  return new MemorySystem('machine').createSpace('memory', root)
}

test('a reservation covers what lies below it', () => {
  expect(mapText(shown())).toBe('below[0..fff] hole[1000..1fff] below[2000..3fff]@2000')
})

test('a reservation answers no access: zeros and a decode error, and what is around it is reached (VA-3)', () => {
  const space = shown()
  const into = new Uint8Array(0x1004).fill(7)

  const results = [
    space.write(0xffen, Uint8Array.of(1, 2, 3, 4)),
    space.write(0x2000n, Uint8Array.of(5, 6)),
    space.read(0xffen, into),
  ]

  expect(results).toEqual([MemTx.decodeError, MemTx.ok, MemTx.decodeError])
  expect([...into.subarray(0, 4), ...into.subarray(-2)]).toEqual([1, 2, 0, 0, 5, 6])
  expect(into.subarray(2, 0x1002).every((byte) => byte === 0)).toBe(true)
  expect(space.valid(0x1000n, 4, Permission.read)).toBe(false)
})

test('a reservation can have 2^64 bytes', () => {
  expect(reserved('all', 2n ** 64n).size).toBe(2n ** 64n)
})
