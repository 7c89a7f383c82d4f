import { describe, expect, it } from 'vitest'
import { LineFault } from '../../src/trace/line-fields.ts'
import { parseLine } from '../../src/trace/parse-line.ts'

describe('a line of a trace', () => {
  it('is an event with its time, its line and its fields', () => {
    const at = { time: 12, line: 3, liobn: 0x80000001 }

    expect(parseLine('12 enable 80000001 24 800000000000000 80', 3)).toEqual({
      kind: 'enable',
      ...at,
      pageShift: 24,
      busOffset: 0x800000000000000n,
      entries: 0x80,
    })
    expect(parseLine('12 disable 80000001', 3)).toEqual({ kind: 'disable', ...at })
    expect(parseLine('12 put 80000001 1000 ffffffffffffffff', 3)).toEqual({
      kind: 'put',
      ...at,
      ioba: 0x1000n,
      tce: 0xffffffffffffffffn,
    })
    expect(parseLine('12 indirect 80000001 1000 2 a b', 3)).toEqual({
      kind: 'indirect',
      ...at,
      ioba: 0x1000n,
      tces: [0xan, 0xbn],
    })
    expect(parseLine('12 stuff 80000001 1000 3 512', 3)).toEqual({
      kind: 'stuff',
      ...at,
      ioba: 0x1000n,
      tce: 3n,
      count: 512,
    })
    expect(parseLine('12 xlate 80000001 1004 2', 3)).toEqual({ kind: 'xlate', ...at, ioba: 0x1004n, access: 2 })
    expect(parseLine('12 checkpoint 80000001 7 1f', 3)).toEqual({
      kind: 'checkpoint',
      ...at,
      count: 7,
      hash: '000000000000001f',
    })
  })

  it.each([
    ['', 'no event'],
    ['12', 'no event'],
    ['12 fetch 80000000', "unknown event 'fetch'"],
    ['12 toString 80000000', "unknown event 'toString'"],
    ['12 put 80000000 1000', 'put has 4 fields, not 5'],
    ['12 put 80000000 1000 1 ', 'put has 6 fields, not 5'],
    ['12 put  80000000 1000', "LIOBN '' is no hexadecimal number of up to 16 digits"],
    ['12 put 80000000 1000 3\r', "TCE '3\\x0d' is no hexadecimal number of up to 16 digits"],
    ['x put 80000000 1000 3', "time 'x' is no decimal number of up to 16 digits"],
    ['-1 put 80000000 1000 3', "time '-1' is no decimal number of up to 16 digits"],
    ['9007199254740992 put 80000000 1000 3', 'time 9007199254740992 is too large'],
    ['12 put 180000000 1000 3', 'LIOBN 180000000 is too large'],
    ['12 put 80000000 10000000000000000 3', "ioba '10000000000000000' is no hexadecimal number of up to 16 digits"],
    ['12 put 80000000 1A 3', "ioba '1A' is no hexadecimal number of up to 16 digits"],
    ['12 put 80000000 1:3 3', "ioba '1:3' is no hexadecimal number of up to 16 digits"],
    ['12 put 80000000 0x1000 3', "ioba '0x1000' is no hexadecimal number of up to 16 digits"],
    ['12 indirect 80000000 1000 2 a', 'indirect has 6 fields, not 7'],
    ['12 indirect 80000000 1000', 'indirect has 4 fields, not 5'],
    ['12 indirect 80000000 1000 513 a', 'count 513 is too large'],
    ['12 stuff 80000000 1000 0 1f', "count '1f' is no decimal number of up to 16 digits"],
    ['12 xlate 80000000 1000 3', "access '3' is neither 1 (read) nor 2 (write)"],
    ['12 enable 80000000 11 0 40000', 'page shift 11 is below 12'],
    ['12 enable 80000000 64 0 40000', 'page shift 64 is too large'],
    ['12 enable 80000000 12 0 0', 'a window of 0 entries'],
    ['12 enable 80000000 12 0 100000000', 'number of entries 100000000 is too large'],
    ['12 checkpoint 80000000 1 hash', "hash 'hash' is no hexadecimal number of up to 16 digits"],
  ])("'%s' is refused: %s", (text, reason) => {
    expect(() => parseLine(text, 1)).toThrowError(new LineFault(reason))
  })
})
