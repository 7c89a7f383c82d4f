import { fc, test } from '@fast-check/vitest'
import { describe, expect } from 'vitest'
import { BlockDiscardManager, type BlockDiscardOptions, ram } from '../../../src/memory/index.ts'
import { RecordingDiscardListener } from './recording-discard-listener.ts'
import { PAGE, section } from './sections.ts'

const BLOCK = 2n * PAGE

/** Eight blocks of two pages, of which the guest may plug seven, and six at a time. */
function make(options: Partial<BlockDiscardOptions> = {}) {
  const region = ram('vmem', 8n * BLOCK)
  const manager = new BlockDiscardManager(region, {
    blockSize: BLOCK,
    usableSize: 7n * BLOCK,
    requestedSize: 6n * BLOCK,
    ...options,
  })
  const log: string[] = []
  return { region, manager, log }
}

describe('BlockDiscardManager', () => {
  test.each([
    ['a misaligned address', PAGE, 1],
    ['no blocks', 0n, 0],
    ['a negative count', 0n, -1],
    ['blocks outside the usable region', 6n * BLOCK, 2],
    ['an address below 0', -BLOCK, 1],
    ['an address beyond everything', 2n ** 64n - BLOCK, 3],
  ])('answers %s with an error (RD-6)', (_, offset, blocks) => {
    const { manager } = make()

    const answers = [manager.plug(offset, blocks), manager.unplug(offset, blocks), manager.state(offset, blocks)]

    expect(answers).toEqual(['error', 'error', 'error'])
  })

  test('answers plugging what is plugged and unplugging what is not with an error (RD-6)', () => {
    const { manager } = make()
    manager.plug(BLOCK, 1)

    const answers = [manager.plug(0n, 2), manager.unplug(0n, 2), manager.unplug(2n * BLOCK, 1)]

    expect([...answers, manager.pluggedSize]).toEqual(['error', 'error', 'error', BLOCK])
  })

  test('answers plugging beyond the requested size with nack, also where it is plugged already (RD-6)', () => {
    const { manager } = make({ requestedSize: 2n * BLOCK })
    manager.plug(0n, 2)

    const answers = [manager.plug(4n * BLOCK, 1), manager.plug(0n, 1)]

    expect(answers).toEqual(['nack', 'nack'])
  })

  test('answers busy when a listener refuses, after telling the others back (RD-5, RD-6)', () => {
    const { region, manager, log } = make()
    const [old, young] = [new RecordingDiscardListener('old', log), new RecordingDiscardListener('young', log)]
    for (const listener of [old, young]) manager.register(listener, section(region))
    old.refuses.add(3)

    const answer = manager.plug(BLOCK, 1)

    expect([answer, manager.pluggedSize, manager.state(BLOCK, 1)]).toEqual(['busy', 0n, 'unplugged'])
    expect(log).toEqual(['young + 102..103 @2', 'old + 102..103 @2', 'young - 102..103 @2'])
  })

  test('gives the backing back, then tells the listeners, then forgets the blocks (RD-5)', () => {
    const order: unknown[] = []
    const { region, manager } = make({ discardBacking: ({ start, last }) => order.push(['backing', start, last]) })
    const listener = new RecordingDiscardListener('a')
    listener.discard = (part) => order.push(['told', manager.isPopulated(part)])
    manager.plug(0n, 3)
    manager.register(listener, section(region))

    const answer = manager.unplug(BLOCK, 1)

    expect([answer, manager.state(0n, 3), manager.pluggedSize]).toEqual(['ack', 'mixed', 2n * BLOCK])
    expect(order).toEqual([
      ['backing', BLOCK, 2n * BLOCK - 1n],
      ['told', true],
    ])
  })

  test('unplugs everything with one discard of the whole section for those who can bear it (RD-5)', () => {
    const { region, manager, log } = make()
    manager.plug(0n, 1)
    manager.plug(3n * BLOCK, 1)
    manager.register(new RecordingDiscardListener('single', log), section(region))
    manager.register(new RecordingDiscardListener('double', log, true), section(region))
    log.length = 0

    const answers = [manager.unplugAll(), manager.unplugAll()]

    expect(answers).toEqual(['ack', 'ack'])
    expect(log).toEqual(['double - 100..115 @0', 'single - 100..101 @0', 'single - 106..107 @6'])
    expect([manager.pluggedSize, manager.plugged()]).toEqual([0n, []])
  })

  test('rounds a question out to whole blocks, and knows nothing outside the usable region (RD-7)', () => {
    const { region, manager } = make()
    manager.plug(0n, 1)
    manager.plug(2n * BLOCK, 1)

    const answers = [
      manager.isPopulated({ ...section(region, 1, 1), last: 100n * PAGE }),
      manager.isPopulated(section(region, 1, 2)),
      manager.isPopulated(section(region, 4, 2)),
      manager.isPopulated(section(region, 14, 2)),
    ]

    expect(answers).toEqual([true, false, true, false])
    manager.usableSize = 2n * BLOCK
    expect(manager.isPopulated(section(region, 4, 2))).toBe(false)
  })

  test('asks all listeners for what is plugged after a load (RD-12)', () => {
    const { region, manager, log } = make()
    manager.register(new RecordingDiscardListener('old', log), section(region))
    manager.register(new RecordingDiscardListener('young', log), section(region, 0, 4))
    const saved = [
      { start: BLOCK, last: 2n * BLOCK - 1n },
      { start: 4n * BLOCK, last: 6n * BLOCK - 1n },
    ]

    const refusal = manager.load(saved)

    expect(log).toEqual(['young + 102..103 @2', 'old + 102..103 @2', 'old + 108..111 @8'])
    expect([refusal, manager.plugged(), manager.pluggedSize]).toEqual([undefined, saved, 3n * BLOCK])
  })

  test('returns what listeners refuse of a load (RD-12)', () => {
    const { region, manager } = make()
    const listener = new RecordingDiscardListener('full')
    listener.refuses.add(9)
    manager.register(listener, section(region))

    const refusal = manager.load([
      { start: 0n, last: BLOCK - 1n },
      { start: 4n * BLOCK, last: 5n * BLOCK - 1n },
    ])

    expect([refusal?.length, listener.pages.size]).toEqual([1, 0])
  })

  test.prop(
    [
      fc.array(fc.record({ plug: fc.boolean(), first: fc.nat(7), count: fc.integer({ min: 1, max: 4 }) }), {
        maxLength: 15,
      }),
    ],
    { numRuns: 100 },
  )('answers like an array of blocks, and its listener has what is plugged', (requests) => {
    const { region, manager } = make()
    const listener = new RecordingDiscardListener('a')
    manager.register(listener, section(region))
    const blocks = new Array<boolean>(8).fill(false)

    for (const { plug, first, count } of requests) {
      const asked = blocks.slice(first, first + count)
      const plugged = blocks.filter(Boolean).length
      let expected = 'ack'
      if (first + count > 7) expected = 'error'
      else if (plug && plugged + count > 6) expected = 'nack'
      else if (asked.some((block) => block === plug)) expected = 'error'

      const offset = BigInt(first) * BLOCK
      const answer = plug ? manager.plug(offset, count) : manager.unplug(offset, count)

      if (expected === 'ack') blocks.fill(plug, first, first + count)
      expect(answer).toBe(expected)
    }
    expect(manager.pluggedSize).toBe(BigInt(blocks.filter(Boolean).length) * BLOCK)
    expect(listener.pages).toEqual(new Set(blocks.flatMap((block, index) => (block ? [2 * index, 2 * index + 1] : []))))
  })
})
