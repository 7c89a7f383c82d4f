import { describe, expect, test } from 'vitest'
import { DiscardListeners } from '../../../src/memory/discard/discard-listeners.ts'
import { cutSection, type RamSection } from '../../../src/memory/ram-section.ts'
import { RecordingDiscardListener } from './recording-discard-listener.ts'
import { PAGE, section, testRam } from './sections.ts'

/** Listeners of RAM of 16 pages, of which 2 to 3 and 6 are populated. */
function make() {
  const region = testRam()
  const populated = function* (whole: RamSection) {
    for (const [first, last] of [
      [2n, 3n],
      [6n, 6n],
    ] as const) {
      const part = cutSection(whole, { start: first * PAGE, last: last * PAGE + PAGE - 1n })
      if (part !== undefined) yield part
    }
  }
  const log: string[] = []
  return { region, log, listeners: new DiscardListeners('mem', populated) }
}

describe('DiscardListeners', () => {
  test('ask a new one for what is populated, ascending (RD-4)', () => {
    const { region, log, listeners } = make()

    listeners.register(new RecordingDiscardListener('a', log), section(region, 3, 8))

    expect(log).toEqual(['a + 100..100 @3', 'a + 103..103 @6'])
  })

  test('do not keep one that refuses, and take back what it had accepted (RD-9)', () => {
    const { region, log, listeners } = make()
    const full = new RecordingDiscardListener('full', log)
    full.refuses.add(6)

    expect(() => listeners.register(full, section(region))).toThrow(
      "what 'full' was to take of 'mem' was refused:\n  [0x6a000, 0x6afff] (0x1000 bytes): 'full' is full [limit]",
    )
    expect(log).toEqual(['full + 102..103 @2', 'full + 106..106 @6', 'full - 102..103 @2'])
    expect([listeners.size, full.pages.size]).toEqual([0, 0])
  })

  test('refuse one that listens already', () => {
    const { region, listeners } = make()
    const a = new RecordingDiscardListener('a')
    listeners.register(a, section(region, 0, 4))

    expect(() => listeners.register(a, section(region, 4, 4))).toThrow(
      "'a' cannot follow [0x64000, 0x67fff] of 'mem': it follows [0x64000, 0x67fff] there",
    )
  })

  test('tell one that goes of each populated part, or of the whole section if it can bear that (RD-4)', () => {
    const { region, log, listeners } = make()
    const single = new RecordingDiscardListener('single', log)
    const double = new RecordingDiscardListener('double', log, true)
    for (const listener of [single, double]) listeners.register(listener, section(region, 0, 5))
    log.length = 0

    for (const listener of [single, double, single]) listeners.unregister(listener)

    expect(log).toEqual(['single - 102..103 @2', 'double - 100..104 @0'])
  })

  test('are asked newest first; those who have accepted are told back when one refuses (RD-2, RD-5)', () => {
    const { region, log, listeners } = make()
    const [a, b, c] = ['a', 'b', 'c'].map((name) => new RecordingDiscardListener(name, log))
    for (const listener of [a, b, c]) listeners.register(listener as RecordingDiscardListener, section(region))
    a?.refuses.add(9)
    log.length = 0

    const refusal = listeners.populate({ start: 8n * PAGE, last: 10n * PAGE - 1n })

    expect(log).toEqual([
      ...['c + 108..109 @8', 'b + 108..109 @8', 'a + 108..109 @8'],
      ...['c - 108..109 @8', 'b - 108..109 @8'],
    ])
    expect(refusal).toEqual([{ iova: 108n * PAGE, size: PAGE, code: 'limit', reason: "'a' is full" }])
  })

  test('accept with a refusal of nothing', () => {
    const { region, log, listeners } = make()
    const lenient = new RecordingDiscardListener('lenient', log)
    lenient.populate = () => []
    listeners.register(lenient, section(region))

    const range = { start: 8n * PAGE, last: 9n * PAGE - 1n }

    expect([listeners.populate(range), listeners.populateKeeping(range), listeners.populateLoaded()]).toEqual([
      ...[undefined, undefined, undefined],
    ])
    expect(log).toEqual([])
  })

  test('of sections that do not show what changes are not asked (RD-3)', () => {
    const { region, log, listeners } = make()
    listeners.register(new RecordingDiscardListener('low', log), section(region, 0, 2))
    listeners.register(new RecordingDiscardListener('middle', log), section(region, 9, 3))

    listeners.populate({ start: 8n * PAGE, last: 10n * PAGE - 1n })
    listeners.discard({ start: 8n * PAGE, last: 10n * PAGE - 1n })

    expect(log).toEqual(['middle + 100..100 @9', 'middle - 100..100 @9'])
  })

  test('get a copy of their section: the original may change (RD-4)', () => {
    const { region, log, listeners } = make()
    const original = { ...section(region, 0, 4) }
    listeners.register(new RecordingDiscardListener('a', log), original)

    Object.assign(original, { start: 0n, last: 0n })
    listeners.discard({ start: 2n * PAGE, last: 3n * PAGE - 1n })

    expect(log.at(-1)).toBe('a - 102..102 @2')
  })

  test('may be unregistered by a callback of another', () => {
    const { region, log, listeners } = make()
    const a = new RecordingDiscardListener('a', log)
    const b = new RecordingDiscardListener('b', log)
    b.discard = () => listeners.unregister(a)
    listeners.register(a, section(region, 8, 4))
    listeners.register(b, section(region, 8, 4))

    listeners.discard({ start: 8n * PAGE, last: 9n * PAGE - 1n })

    expect(listeners.size).toBe(1)
    expect(log).toEqual(['a - 100..100 @8'])
  })
})
