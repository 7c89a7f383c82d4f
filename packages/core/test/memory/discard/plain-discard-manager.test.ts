import { fc, test } from '@fast-check/vitest'
import { describe, expect } from 'vitest'
import { PlainDiscardManager } from '../../../src/memory/index.ts'
import { RecordingDiscardListener } from './recording-discard-listener.ts'
import { PAGE, section, testRam } from './sections.ts'

const change = fc.record({ populate: fc.boolean(), first: fc.nat(15), count: fc.integer({ min: 1, max: 6 }) })

describe('PlainDiscardManager', () => {
  test.prop([fc.array(change, { maxLength: 12 }), fc.nat(15), fc.nat(15)], { numRuns: 150 })(
    'and two listeners that may refuse always agree about what is populated (RD-2, RD-5)',
    (changes, refusedByA, refusedByB) => {
      const region = testRam()
      const manager = new PlainDiscardManager(region)
      const [a, b] = [new RecordingDiscardListener('a'), new RecordingDiscardListener('b', [], true)]
      manager.register(a, section(region, 0, 12))
      manager.register(b, section(region, 4, 12))
      a.refuses.add(refusedByA)
      b.refuses.add(refusedByB)
      const model = new Set<number>()

      for (const { populate, first, count } of changes) {
        const pages = Array.from({ length: Math.min(count, 16 - first) }, (_, index) => first + index)
        const fresh = pages.filter((page) => !model.has(page))
        const isRefused =
          (refusedByA < 12 && fresh.includes(refusedByA)) || (refusedByB >= 4 && fresh.includes(refusedByB))
        const act = () => {
          if (populate) manager.populate(BigInt(first) * PAGE, BigInt(pages.length) * PAGE)
          else manager.discard(BigInt(first) * PAGE, BigInt(pages.length) * PAGE)
        }

        if (populate && isRefused) expect(act).toThrow('was refused')
        else act()

        if (!populate) for (const page of pages) model.delete(page)
        else if (!isRefused) for (const page of pages) model.add(page)
        expect(a.pages).toEqual(new Set([...model].filter((page) => page < 12)))
        expect(b.pages).toEqual(new Set([...model].filter((page) => page >= 4)))
        for (let page = 0; page < 16; page++)
          expect(manager.isPopulated(section(region, page, 1))).toBe(model.has(page))
      }
    },
  )

  test('asks before memory is usable, and tells after it is gone (RD-2)', () => {
    const region = testRam()
    const manager = new PlainDiscardManager(region)
    const seen: boolean[] = []
    const listener = new RecordingDiscardListener('a')
    listener.populate = (part) => void seen.push(manager.isPopulated(part)) as undefined
    listener.discard = (part) => void seen.push(manager.isPopulated(part))
    manager.register(listener, section(region))

    manager.populate(0n, PAGE)
    manager.discard(0n, PAGE)

    expect(seen).toEqual([false, false])
  })

  test('asks only for what is not populated, and tells only of what was', () => {
    const region = testRam()
    const manager = new PlainDiscardManager(region)
    const listener = new RecordingDiscardListener('a')
    manager.populate(2n * PAGE, 2n * PAGE)
    manager.register(listener, section(region))
    listener.log.length = 0

    manager.populate(0n, 6n * PAGE)
    manager.populate(0n, 6n * PAGE)
    manager.discard(5n * PAGE, 3n * PAGE)

    expect(listener.log).toEqual(['a + 100..101 @0', 'a + 104..105 @4', 'a - 105..105 @5'])
  })

  test.each([
    [0n, 0n],
    [0x800n, 0x1000n],
    [0n, 0x800n],
    [-0x1000n, 0x1000n],
    [0xf000n, 0x2000n],
  ])('throws for what is not whole blocks: %o, %o bytes', (offset, size) => {
    const manager = new PlainDiscardManager(testRam())

    expect(() => manager.populate(offset, size)).toThrow(expect.objectContaining({ code: 'memory.discard-range' }))
    expect(() => manager.discard(offset, size)).toThrow("is not made of blocks of 'mem'")
  })
})
