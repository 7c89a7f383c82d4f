import { test as property } from '@fast-check/vitest'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { crc32 } from '../../src/snapshot/crc32.ts'
import { packSections, unpackSections } from '../../src/snapshot/sections.ts'

const SECTIONS = [
  { name: 'state', bytes: Uint8Array.from({ length: 300 }, (_, index) => index % 7) },
  { name: 'größe', bytes: Uint8Array.of(1, 2, 3) },
  { name: 'none', bytes: new Uint8Array() },
]

const code = (file: Uint8Array): unknown => {
  try {
    return unpackSections(file)
  } catch (error) {
    return (error as { code?: string }).code
  }
}

describe('sections', () => {
  property.prop([fc.array(fc.record({ name: fc.string({ unit: 'binary' }), bytes: fc.uint8Array() }))], {
    numRuns: 50,
  })('are unpacked as they were packed', (sections) => {
    expect(unpackSections(packSections(sections))).toEqual(sections)
  })

  test('are compressed where that makes them smaller', () => {
    const noise = Uint8Array.from({ length: 256 }, (_, index) => (index * index * 167) >> 3)

    expect(packSections([{ name: '', bytes: new Uint8Array(1 << 20) }]).length).toBeLessThan(8192)
    expect(packSections([{ name: '', bytes: noise }]).length).toBeLessThan(256 + 64)
  })

  test('are refused whichever bit of them has been turned, and however they are cut or continued', () => {
    const file = packSections(SECTIONS)

    for (let bit = 0; bit < file.length * 8; bit++) {
      const other = file.slice()
      other[bit >> 3] = (other[bit >> 3] as number) ^ (1 << (bit & 7))

      expect(code(other)).toBeOneOf(['snapshot.damaged', 'snapshot.version'])
    }
    for (let length = 0; length < file.length; length++) expect(code(file.slice(0, length))).toBe('snapshot.damaged')
    expect(code(Uint8Array.of(...file, 0))).toBe('snapshot.damaged')
  })

  test('whose checksums are right are refused where their table or a stream is crooked', () => {
    const file = packSections(SECTIONS)
    const table = 20
    /** Writes a number into the table and makes the checksum fit. */
    const withNumber = (at: number, value: number): Uint8Array => {
      const other = file.slice()
      const view = new DataView(other.buffer)
      view.setUint32(at, value, true)
      view.setUint32(16, crc32(other.subarray(table, table + view.getUint32(12, true))), true)
      return other
    }
    const afterName = table + 4 + 'state'.length

    expect(() => unpackSections(withNumber(table, 2 ** 31))).toThrow(
      'at byte 20: its table of sections ends inside a row',
    )
    expect(() => unpackSections(withNumber(table, 5000))).toThrow('its table of sections ends inside a row')
    for (const raw of [2 ** 32 - 1, 299, 301, 0]) {
      expect(() => unpackSections(withNumber(afterName, raw))).toThrow(
        `section 'state' does not hold the ${raw} bytes that it is to hold`,
      )
    }
  })

  test('say what is damaged and where', () => {
    const file = packSections(SECTIONS)
    const last = file.slice()
    last[file.length - 1] = 77
    const version = file.slice()
    version[8] = 2

    expect(() => unpackSections(last)).toThrow(
      `the snapshot is damaged at byte ${file.length - 3}: section 'größe' does not match its checksum; take it anew`,
    )
    expect(() => unpackSections(file.slice(0, -1))).toThrow("it ends inside section 'größe'")
    expect(() => unpackSections(Uint8Array.of(1, 2))).toThrow('at byte 0: it does not begin as a snapshot does')
    expect(() => unpackSections(version)).toThrow(
      'the snapshot has version 2, and this release reads 1: restore it with the release that saved it',
    )
  })
})
