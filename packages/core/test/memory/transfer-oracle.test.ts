import { fc, test } from '@fast-check/vitest'
import { describe, expect } from 'vitest'
import {
  type AddressSpace,
  alias,
  container,
  MemorySystem,
  type MmioOps,
  mmio,
  ram,
  rom,
} from '../../src/memory/index.ts'
import { RecordingDevice } from './recording-device.ts'

// The oracle walks single pieces with bigint addresses and a linear search, as rules LK-2 and RW-2 say.

const WHOLE = 2n ** 64n

function contentAt(offset: number): number {
  return (offset * 7 + 3) % 256
}

function answer(offset: number, size: number): bigint {
  let value = 0n
  for (let i = size - 1; i >= 0; i--) value = (value << 8n) | BigInt(contentAt(offset + i))
  return value
}

interface Expected {
  result: number
  log: string[]
  readonly bytes: number[]
}

function naiveRead(space: AddressSpace, from: bigint, length: number): Expected {
  const expected: Expected = { result: 0, log: [], bytes: [] }
  for (let done = 0; done < length; ) {
    const address = (from + BigInt(done)) % WHOLE
    const range = space.flatView.ranges.find(({ start, last }) => start <= address && address <= last)
    const offset = range === undefined ? address : address - range.start + range.offset
    if (range !== undefined && range.region.kind !== 'mmio') {
      expected.bytes.push(contentAt(Number(offset)))
      done++
      continue
    }
    let piece = 4
    while (piece > length - done || offset % BigInt(piece) !== 0n) piece /= 2
    for (let i = 0; i < piece; i++) expected.bytes.push(range === undefined ? 0 : contentAt(Number(offset) + i))
    if (range === undefined) expected.result |= 2
    else expected.log.push(`read ${offset.toString(16)} ${piece}`)
    done += piece
  }
  return expected
}

const anchors = [0n, 2n ** 53n, 2n ** 63n, WHOLE - 0x3000n]
const piece = fc.record({
  kind: fc.constantFrom('ram', 'rom', 'mmio'),
  at: fc.nat(0x3000),
  size: fc.oneof(fc.integer({ min: 1, max: 40 }), fc.integer({ min: 1, max: 0x2000 })),
  inside: fc.nat(0x40),
})

describe.each(anchors)('around %s', (anchor) => {
  test.prop(
    [
      fc.array(piece, { maxLength: 6 }),
      fc.array(fc.record({ at: fc.nat(0x3100), length: fc.oneof(fc.nat(20), fc.nat(0x3000)) }), { maxLength: 5 }),
    ],
    { numRuns: 60 },
  )('a transfer reads what piece by piece is read, in the same calls', (pieces, reads) => {
    const device = new RecordingDevice()
    device.answer = answer
    const space = build(anchor, pieces, device)

    for (const { at, length } of reads) {
      const from = (anchor + BigInt(at)) % WHOLE
      const expected = naiveRead(space, from, length)
      const bytes = new Uint8Array(length).fill(0xee)

      const result = space.read(from, bytes)

      expect({ result, log: device.take(), bytes: [...bytes] }).toEqual(expected)
    }
  })
})

function build(
  anchor: bigint,
  pieces: readonly { kind: string; at: number; size: number; inside: number }[],
  ops: MmioOps,
): AddressSpace {
  const root = container('root')
  for (const [index, { kind, at, size, inside }] of pieces.entries()) {
    const bytes = BigInt(size + inside)
    const region = kind === 'mmio' ? mmio('mmio', bytes, ops) : kind === 'rom' ? rom('rom', bytes) : ram('ram', bytes)
    if ('memory' in region)
      region.memory.write(
        0n,
        Uint8Array.from({ length: size + inside }, (_, i) => contentAt(i)),
      )
    // Cut off the front, so that offsets and addresses are aligned differently.
    const frame = container('frame', BigInt(size))
    root.add(frame, (anchor + BigInt(at)) % WHOLE, { priority: index % 3 })
    const window = container('window')
    window.add(region, 0n)
    frame.add(alias('part', window, { offset: BigInt(inside) }), 0n)
  }
  return new MemorySystem('machine').createSpace('memory', root)
}
