import { fc, test as propertyTest } from '@fast-check/vitest'
import { describe, expect, test } from 'vitest'
import { container, MemorySystem, MemTx, type MmioOps, mmio } from '../../src/memory/index.ts'
import { RecordingDevice } from './recording-device.ts'

function plug(ops: MmioOps, size = 0x1000n) {
  const root = container('root')
  root.add(mmio('device', size, ops), 0n)
  return new MemorySystem('machine').createSpace('memory', root)
}

function bytes(...values: number[]): Uint8Array {
  return Uint8Array.from(values)
}

describe('splitting and widening (SP-2, SP-3, SP-8)', () => {
  test('a little-endian device gets the low half first (SP-2, SP-8)', () => {
    const device = new RecordingDevice({ valid: { max: 8 }, impl: { max: 4 } })

    plug(device).write(0x10n, bytes(1, 2, 3, 4, 5, 6, 7, 8))

    expect(device.log).toEqual(['write 10 4 4030201', 'write 14 4 8070605'])
  })

  test('a big-endian device gets the high half first (SP-2, SP-8)', () => {
    const device = new RecordingDevice({ endianness: 'big', valid: { max: 8 }, impl: { max: 4 } })

    plug(device).write(0x10n, bytes(1, 2, 3, 4, 5, 6, 7, 8))

    expect(device.log).toEqual(['write 10 4 1020304', 'write 14 4 5060708'])
  })

  test.each([
    ['little', 'write 11 4 ab'],
    ['big', 'write 11 4 ab000000'],
  ] as const)(
    'a byte for a %s-endian device of words is widened at its own address (SP-3, SP-8)',
    (endianness, expected) => {
      const device = new RecordingDevice({ endianness, valid: { min: 1, max: 4, unaligned: true }, impl: { min: 4 } })

      plug(device).write(0x11n, bytes(0xab))

      expect(device.log).toEqual([expected])
    },
  )

  test.each([
    ['little', 0x04],
    ['big', 0x01],
  ] as const)('a byte read from a %s-endian device of words is the end that comes first', (endianness, expected) => {
    const device = new RecordingDevice({ endianness, impl: { min: 4 } })
    device.answer = () => 0x01020304n
    const into = bytes(0xff)

    plug(device).read(0n, into)

    expect(into).toEqual(bytes(expected))
  })

  test('without impl sizes an access of 8 bytes is two of 4 (SP-1)', () => {
    const device = new RecordingDevice({ valid: { max: 8 } })

    plug(device).read(0n, new Uint8Array(8))

    expect(device.log).toEqual(['read 0 4', 'read 4 4'])
  })

  test('8-byte values are bigints', () => {
    const device = new RecordingDevice({ valid: { max: 8 }, impl: { max: 8 } })
    device.answer = () => 0xffee_ddcc_bbaa_9988n
    const space = plug(device)
    const into = new Uint8Array(8)

    space.read(0n, into)
    space.write(8n, into)

    expect(device.log).toEqual(['read 0 8', 'write 8 8 ffeeddccbbaa9988'])
  })
})

describe('validity (VA-1 to VA-3)', () => {
  test.each([
    ['too small', { min: 4, max: 4 }, 0n, 2],
    ['unaligned', { min: 1, max: 4 }, 1n, 2],
  ] as const)(
    'an access that is %s reads 0, is not told to the device and gives a decode error',
    (_, valid, at, length) => {
      const device = new RecordingDevice({ valid, impl: { unaligned: true } })
      const into = new Uint8Array(length).fill(0xff)

      const result = plug(device).read(at, into)

      expect(result).toBe(MemTx.decodeError)
      expect(into).toEqual(new Uint8Array(length))
      expect(device.log).toEqual([])
    },
  )

  test('without a maximum the minimum counts for nothing (VA-2)', () => {
    const device = new RecordingDevice({ valid: { min: 4 } })

    expect(plug(device).write(0n, bytes(1))).toBe(MemTx.ok)
    expect(device.log).toEqual(['write 0 1 1'])
  })

  test('`accepts` is asked first, for each piece, with the attributes of the access (VA-1)', () => {
    const asked: unknown[] = []
    const device = new RecordingDevice()
    const ops: MmioOps = {
      read: (offset, size, access) => device.read(offset, size, access),
      write() {},
      accepts(offset, size, write, attrs) {
        asked.push([offset, size, write, attrs.requester])
        return offset < 4
      },
    }

    const result = plug(ops).read(0n, new Uint8Array(8), { requester: 8 })

    expect(result).toBe(MemTx.decodeError)
    expect(asked).toEqual([
      [0, 4, false, 8],
      [4, 4, false, 8],
    ])
    expect(device.log).toEqual(['read 0 4'])
  })
})

test('results of all parts are OR-ed, and later parts still run (SP-4)', () => {
  const device = new RecordingDevice({ valid: { max: 8 }, impl: { max: 2 } })
  device.fail = (offset) => (offset === 0 ? MemTx.error : offset === 4 ? MemTx.accessError : 0)
  const space = plug(device)

  expect(space.read(0n, new Uint8Array(8))).toBe(MemTx.error | MemTx.accessError)
  expect(space.write(0n, new Uint8Array(8))).toBe(MemTx.error | MemTx.accessError)
  expect(device.log).toHaveLength(8)
})

test('a widened write has zeros in place of the bytes that follow (SP-3)', () => {
  const device = new RecordingDevice({ valid: { max: 1 }, impl: { min: 4 } })

  plug(device).write(0n, bytes(0xab, 0xcd))

  expect(device.log).toEqual(['write 0 4 ab', 'write 1 4 cd'])
})

test('a device whose least size is 8 takes 8 at most', () => {
  const device = new RecordingDevice({ impl: { min: 8 } })

  plug(device).read(0n, new Uint8Array(1))

  expect(device.log).toEqual(['read 0 8'])
})

test.each([
  [{ valid: { min: 8, max: 4 } }, 'access sizes valid 8 to 4'],
  [{ impl: { max: 3 } }, 'use 1, 2, 4 or 8'],
  [{ impl: { max: 8 } }, 'have no read64 and write64'],
])('registers of sizes %j are refused', (sizes, message) => {
  const ops = { read: () => 0, write() {}, ...sizes } as MmioOps

  expect(() => mmio('uart', 8n, ops)).toThrow(message)
})

const sizes = fc.constantFrom<1 | 2 | 4 | 8>(1, 2, 4, 8)

/** One access as the rules write it: a value in the device's order, shifted and masked part by part. */
function naiveWrite(value: bigint, size: number, min: number, max: number, big: boolean): string[] {
  const part = Math.max(Math.min(size, max), min)
  const mask = (1n << BigInt(8 * part)) - 1n
  const log: string[] = []
  for (let i = 0; i < size; i += part) {
    const shift = BigInt(8 * (big ? size - part - i : i))
    const shifted = shift >= 0n ? value >> shift : value << -shift
    log.push(`write ${i.toString(16)} ${part} ${(shifted & mask).toString(16)}`)
  }
  return log
}

propertyTest.prop([sizes, sizes, sizes, fc.boolean(), fc.uint8Array({ minLength: 8, maxLength: 8 })], { numRuns: 200 })(
  'a write is split and widened as shifts and masks of its value do it (SP-2, SP-3)',
  (size, a, b, big, data) => {
    const min = a < b ? a : b
    const max = a < b ? b : a
    const device = new RecordingDevice({
      endianness: big ? 'big' : 'little',
      valid: { min: 1, max: 8 },
      impl: { min, max },
    })
    const from = data.slice(0, size)
    const digits = Buffer.from(big ? from : from.toReversed()).toString('hex')

    plug(device).write(0n, from)

    expect(device.log).toEqual(naiveWrite(BigInt(`0x${digits}`), size, min, max, big))
  },
)

propertyTest.prop([sizes, sizes, sizes, fc.boolean(), fc.bigInt(0n, 2n ** 64n - 1n)], { numRuns: 200 })(
  'a read puts together what a write of the same size takes apart',
  (size, a, b, big, value) => {
    const min = a < b ? a : b
    const max = a < b ? b : a
    const device = new RecordingDevice({
      endianness: big ? 'big' : 'little',
      valid: { min: 1, max: 8 },
      impl: { min, max },
    })
    const expected = (value >> 8n) & ((1n << BigInt(8 * size)) - 1n)
    const parts = naiveWrite(expected, size, min, max, big).map((line) => line.split(' '))
    device.answer = (offset) => BigInt(`0x${parts.find((part) => Number(`0x${part[1]}`) === offset)![3]}`)
    const into = new Uint8Array(size)

    plug(device).read(0n, into)

    expect(BigInt(`0x${Buffer.from(big ? into : into.toReversed()).toString('hex')}`)).toBe(expected)
  },
)
