import { fc, test } from '@fast-check/vitest'
import { Machine } from '@hostbridge/core/machine'
import { expect } from 'vitest'
import { sharedWindow } from '../../src/links/shared-window.ts'

const SIZE = 37

const access = fc.record({
  offset: fc.nat(SIZE - 1),
  bytes: fc.uint8Array({ minLength: 1, maxLength: 12 }),
})

test.prop([fc.array(access, { maxLength: 20 })])('a window shows and changes the bytes of its memory', (accesses) => {
  const bytes = new Uint8Array(SIZE)
  const memory = {
    size: SIZE,
    read: (offset: number, length: number) => bytes.slice(offset, offset + length),
    write: (offset: number, written: Uint8Array) => bytes.set(written, offset),
  }
  const machine = new Machine('pc')
  machine.map(0n, sharedWindow('shared', memory))
  const expected = new Uint8Array(SIZE)

  for (const { offset, bytes: written } of accesses) {
    const inside = written.subarray(0, SIZE - offset)
    machine.space.write(BigInt(offset), inside)
    expected.set(inside, offset)
    const seen = new Uint8Array(SIZE)
    machine.space.read(0n, seen)

    expect(bytes).toEqual(expected)
    expect(seen).toEqual(expected)
  }
})
