import { fc, test } from '@fast-check/vitest'
import { describe, expect } from 'vitest'
import { ram } from '../../src/memory/index.ts'
import { cutSection, offsetsOf } from '../../src/memory/ram-section.ts'

const region = ram('mem', 0x10000n)

describe('cutSection', () => {
  test('moves address and offset by the same amount (RD-3)', () => {
    const section = { region, start: 0x8000_0000n, last: 0x8000_7fffn, offset: 0x2000n, readonly: true }

    const cut = cutSection(section, { start: 0x3000n, last: 0x4fffn })

    expect(cut).toEqual({ region, start: 0x8000_1000n, last: 0x8000_2fffn, offset: 0x3000n, readonly: true })
  })

  test('gives nothing where the section shows nothing of it (RD-3)', () => {
    const section = { region, start: 0n, last: 0xfffn, offset: 0x2000n, readonly: false }

    expect(cutSection(section, { start: 0n, last: 0x1fffn })).toBeUndefined()
    expect(cutSection(section, { start: 0x3000n, last: 0xffffn })).toBeUndefined()
  })

  test.prop([fc.nat(40), fc.nat(40), fc.nat(20), fc.nat(20), fc.nat(30)])(
    'gives exactly the offsets that both have (RD-3)',
    (offset, at, size, from, length) => {
      const section = { region, start: BigInt(at), last: BigInt(at + size), offset: BigInt(offset), readonly: false }
      const expected = Array.from({ length: size + 1 }, (_, index) => [at + index, offset + index] as const).filter(
        ([, shown]) => shown >= from && shown <= from + length,
      )

      const cut = cutSection(section, { start: BigInt(from), last: BigInt(from + length) })

      expect(cut && [Number(cut.start), Number(cut.last), Number(cut.offset), Number(offsetsOf(cut).last)]).toEqual(
        expected.length === 0
          ? undefined
          : [expected[0]?.[0], expected.at(-1)?.[0], expected[0]?.[1], expected.at(-1)?.[1]],
      )
    },
  )
})
