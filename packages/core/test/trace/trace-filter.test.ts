import { describe, expect, test } from 'vitest'
import { compileFilter, parseFilter } from '../../src/trace/trace-filter.ts'
import type { TraceRecord } from '../../src/trace/trace-record.ts'

const at = (device: string): TraceRecord => ({ time: 5, category: 'dma', device, name: 'read' })

describe('a filter', () => {
  test.each([
    ['phb0', 'phb0', true],
    ['phb0/*', 'phb0/00:01.0', true],
    ['phb0/*', 'phb0/00:01.0/disk', false],
    ['phb0/**', 'phb0/00:01.0/disk', true],
    ['*', 'phb0/00:01.0', false],
    ['**', '', true],
    ['phb.', 'phb0', false],
    ['a(b|c)', 'a(b|c)', true],
  ])('by the path %s takes %s: %s', (glob, path, taken) => {
    expect(compileFilter({ devices: ['none', glob] })(at(path))).toBe(taken)
  })

  test('is read from terms, and takes what all of them take', () => {
    const filter = parseFilter(' device=a,b/*  category=dma,fault time=5..2us ')

    expect(filter).toEqual({ devices: ['a', 'b/*'], categories: ['dma', 'fault'], from: 5, to: 2000 })
    expect(parseFilter('time=1ms..')).toEqual({ from: 1e6 })
    expect(parseFilter('time=..3s')).toEqual({ to: 3e9 })
    const wants = compileFilter(filter)
    expect([at('a'), { ...at('a'), time: 4 }, { ...at('a'), time: 2001 }, at('c')].map(wants)).toEqual([
      true,
      false,
      false,
      false,
    ])
    expect(wants({ ...at('a'), category: 'event' })).toBe(false)
  })

  test('has the machine itself as the device -, as the text log has', () => {
    const wants = compileFilter(parseFilter('device=-,disk'))

    expect([at(''), at('disk'), at('-')].map(wants)).toEqual([true, true, false])
  })

  test('refuses a term that comes twice, and a time that ends before it begins', () => {
    expect(() => parseFilter('category=dma category=life')).toThrow(
      "'category=life' is no term of a filter: there is a term",
    )
    expect(() => parseFilter('time=5us..2us')).toThrow(
      "'time=5us..2us' is no term of a filter: it ends before it begins",
    )
    expect(parseFilter('time=5us..5us')).toEqual({ from: 5000, to: 5000 })
  })

  test.each(['device', 'device=', 'category=dna', 'time=5', 'time=1h..', 'colour=red'])(
    'refuses the term %s',
    (term) => {
      expect(() => parseFilter(`${term.startsWith('time') ? '' : 'time=1..'} ${term}`)).toThrow(
        `'${term}' is no term of a filter: write device=GLOB`,
      )
    },
  )
})
