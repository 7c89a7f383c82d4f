import { formatWindow, type TceWindow, windowFault, windowSize } from '@hostbridge/devices/spapr'
import { describe, expect, it } from 'vitest'

const WINDOW: TceWindow = { pageShift: 16, busOffset: 0x800000000000000n, entries: 16 }

describe('a DMA window', () => {
  it('has the size of its pages', () => {
    expect(windowSize(WINDOW)).toBe(0x100000n)
    expect(windowSize({ pageShift: 24, busOffset: 0n, entries: 2 ** 32 - 1 })).toBe((2n ** 32n - 1n) << 24n)
  })

  it('is written with its range and its pages', () => {
    expect(formatWindow(WINDOW)).toBe('[0x800000000000000, 0x8000000000fffff] (16 pages of 0x10000 bytes)')
  })

  it('may be anything that a table can have', () => {
    expect(windowFault(WINDOW)).toBeUndefined()
    expect(windowFault({ pageShift: 24, busOffset: 0n, entries: 2 ** 32 - 1 })).toBeUndefined()
    expect(windowFault({ pageShift: 12, busOffset: 2n ** 64n - 0x1000n, entries: 1 })).toBeUndefined()
  })

  it('has a fault in words otherwise', () => {
    expect(windowFault({ ...WINDOW, pageShift: 15 })).toBe('page shift 15 is none of 12, 16, 21, 24')
    expect(windowFault({ ...WINDOW, entries: 1.5 })).toBe('1.5 entries are not between 1 and 4294967295')
    expect(windowFault({ ...WINDOW, busOffset: -0x10000n })).toMatch(/no multiple/)
  })
})
