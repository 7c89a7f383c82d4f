import { describe, expect, test } from 'vitest'
import { MemoryAttributes } from '../../../src/memory/index.ts'
import { RecordingDiscardListener } from './recording-discard-listener.ts'
import { inPages, PAGE, section, testRam } from './sections.ts'

/** Attributes of 16 pages with listeners `old` and `young`; pages 2 and 3 are shared. */
function make(rollback = false) {
  const region = testRam()
  const attributes = new MemoryAttributes(region, { rollback })
  const log: string[] = []
  const [old, young] = [new RecordingDiscardListener('old', log), new RecordingDiscardListener('young', log)]
  for (const listener of [old, young]) attributes.register(listener, section(region))
  attributes.share(2n * PAGE, 2n * PAGE)
  log.length = 0
  return { region, attributes, log, old, young }
}

describe('MemoryAttributes', () => {
  test('start private, and share and hide uniform ranges with one call (RD-8)', () => {
    const { attributes, log } = make()

    const results = [attributes.share(8n * PAGE, 3n * PAGE), attributes.makePrivate(8n * PAGE, 3n * PAGE)]

    expect(results).toEqual(['done', 'done'])
    expect(log).toEqual(['young + 108..110 @8', 'old + 108..110 @8', 'young - 108..110 @8', 'old - 108..110 @8'])
  })

  test('go block by block where a range is mixed, past those that need no change (RD-8)', () => {
    const { attributes, log, young } = make()
    attributes.unregister(young)
    log.length = 0

    attributes.share(1n * PAGE, 5n * PAGE)
    attributes.makePrivate(0n, 3n * PAGE)
    attributes.makePrivate(0n, 3n * PAGE)

    expect(log).toEqual([
      ...['old + 101..101 @1', 'old + 104..104 @4', 'old + 105..105 @5'],
      ...['old - 101..101 @1', 'old - 102..102 @2'],
    ])
  })

  test('change the state before they ask (RD-8)', () => {
    const { region, attributes, old } = make()
    const seen: boolean[] = []
    old.populate = (part) => void seen.push(attributes.isPopulated(part)) as undefined

    attributes.share(8n * PAGE, PAGE)

    expect([seen, attributes.isPopulated(section(region, 8, 1))]).toEqual([[true], true])
  })

  test('keep the new state when a listener refuses, and say who (RD-8)', () => {
    const { region, attributes, old, young } = make()
    old.refuses.add(9)

    const result = attributes.share(8n * PAGE, 2n * PAGE)

    expect(result).toEqual([{ iova: 108n * PAGE, size: PAGE, code: 'limit', reason: "'old' is full" }])
    expect([attributes.isPopulated(section(region, 8, 2)), [...young.pages], [...old.pages]]).toEqual([
      ...[true, [2, 3, 8, 9], [2, 3]],
    ])
  })

  test('take a refused conversion back where that is wanted', () => {
    const { region, attributes, old, young } = make(true)
    old.refuses.add(9)
    const shared: string[] = []

    const result = attributes.share(8n * PAGE, 2n * PAGE)
    attributes.replayPopulated(section(region), (part) => void shared.push(...inPages([part])))

    expect([result.length, shared, [...young.pages]]).toEqual([1, ['2..3'], [2, 3]])
  })

  test.each([
    ['misaligned', 0x800n, 0x1000n],
    ['of a part of a page', 0n, 0x800n],
    ['empty', 0n, 0n],
    ['wrapping', 2n ** 64n - PAGE, 2n * PAGE],
    ['oversized', 0n, 17n * PAGE],
    ['below 0', -PAGE, PAGE],
  ])('answer a range that is %s with invalid (RD-8)', (_, offset, size) => {
    const { attributes, log } = make()

    const results = [attributes.share(offset, size), attributes.makePrivate(offset, size)]

    expect([results, log]).toEqual([['invalid', 'invalid'], []])
  })
})
