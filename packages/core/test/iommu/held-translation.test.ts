import { fc, test } from '@fast-check/vitest'
import { describe, expect } from 'vitest'
import { HeldTranslations, NotifierFlag } from '../../src/iommu/index.ts'
import { MemTx, Permission } from '../../src/memory/index.ts'
import { nestedScene } from './nested-scene.ts'

const PAGE = 0x1000n
const { read, write, readWrite } = Permission

function scene(capacity?: number) {
  const setup = nestedScene({ inner: [{ iova: 0x4000n, size: 0x4000n, to: 0x8000n, access: 'rw', pageSize: PAGE }] })
  const held = new HeldTranslations(setup.inner, { name: 'nic', ...(capacity !== undefined && { capacity }) })
  return { ...setup, held }
}

describe('a held translation', () => {
  test('reads and writes where it leads while it is valid', () => {
    const { held, memory } = scene()
    const translation = held.take(0x5010n, readWrite)
    const bytes = new Uint8Array(2)

    const results = [translation?.write(0x5010n, Uint8Array.of(7, 8)), memory.read(0x9010n, bytes)]

    expect([translation?.range, translation?.translatedAddress]).toEqual([{ start: 0x5000n, last: 0x5fffn }, 0x9000n])
    expect([...results, [...bytes]]).toEqual([MemTx.ok, MemTx.ok, [7, 8]])
  })

  test('is not valid any more once its unmap is announced, and moves no byte then', () => {
    const { held, memory, inner } = scene()
    const translation = held.take(0x5000n, readWrite)
    memory.write(0x9000n, Uint8Array.of(5))
    const bytes = Uint8Array.of(1)

    inner.unmap({ iova: 0x5000n, size: PAGE })

    expect(translation?.isValid).toBe(false)
    expect(translation?.read(0x5000n, bytes)).toBe(MemTx.accessError)
    expect(translation?.write(0x5000n, Uint8Array.of(9))).toBe(MemTx.accessError)
    expect([bytes[0], memory.find(0x9000n) !== undefined, held.take(0x5000n, read)]).toEqual([0, true, undefined])
  })

  test('gives way to the new one where the mapping changes', () => {
    const { held, inner } = scene()
    const before = held.take(0x5000n, read)

    inner.map({ iova: 0x5000n, size: PAGE, to: 0x1000n, access: 'r' })
    const after = held.take(0x5000n, read)

    expect([before?.isValid, after?.isValid, after?.translatedAddress]).toEqual([false, true, 0x1000n])
  })

  test('stays valid while only others change', () => {
    const { held, inner } = scene()
    const translation = held.take(0x5000n, read)

    inner.unmap({ iova: 0x6000n, size: PAGE })

    expect([translation?.isValid, held.take(0x5fffn, read)]).toEqual([true, translation])
  })

  test('refuses what it does not permit, and bytes beyond it', () => {
    const { held, inner } = scene()
    inner.store({ iova: 0x9000n, size: PAGE, to: 0n, access: 'r' })
    const translation = held.take(0x9000n, read)

    const results = [
      translation?.write(0x9000n, Uint8Array.of(1)),
      translation?.read(0x9fffn, new Uint8Array(2)),
      translation?.read(0x8fffn, new Uint8Array(1)),
      translation?.read(0x9fffn, new Uint8Array(1)),
    ]

    expect(results).toEqual([MemTx.accessError, MemTx.accessError, MemTx.accessError, MemTx.ok])
    expect(held.take(0x9000n, write)).toBeUndefined()
  })

  test('is asked for again where more is wanted than it permitted', () => {
    const { held, inner } = scene()
    inner.store({ iova: 0x9000n, size: PAGE, to: 0n, access: 'r' })
    const before = held.take(0x9000n, read)
    inner.store({ iova: 0x9000n, size: PAGE, to: 0n, access: 'rw' })

    const after = held.take(0x9000n, readWrite)

    expect([before?.isValid, after?.permission]).toEqual([false, readWrite])
  })
})

describe('HeldTranslations', () => {
  test('hold no more than their capacity: the oldest is not valid any more', () => {
    const { held } = scene(2)

    const taken = [0x4000n, 0x5000n, 0x6000n].map((iova) => held.take(iova, read))

    expect([held.size, taken.map((translation) => translation?.isValid)]).toEqual([2, [false, true, true]])
  })

  test('end what they hold when they close, and are not told any more', () => {
    const { held, inner } = scene()
    const translation = held.take(0x4000n, read)

    const before = inner.notifierFlags
    held.close()

    expect([before, inner.notifierFlags, translation?.isValid, held.size]).toEqual([3, NotifierFlag.none, false, 0])
  })

  const step = fc.record({
    does: fc.constantFrom('take', 'map', 'unmap'),
    page: fc.nat(7),
    pages: fc.constantFrom(1, 2, 4),
  })
  test.prop([fc.array(step, { maxLength: 30 })], { numRuns: 100 })(
    'are valid exactly as long as the table says the same',
    (steps) => {
      const { inner } = nestedScene()
      const held = new HeldTranslations(inner, { name: 'nic', capacity: 100 })
      const table = new Array<bigint | undefined>(12)
      const taken: { page: number; to: bigint; isLive: boolean }[] = []
      let next = 0n

      for (const { does, page, pages } of steps) {
        const touched = Array.from({ length: pages }, (_, index) => page + index)
        const range = { iova: BigInt(page) * PAGE, size: BigInt(pages) * PAGE }
        if (does === 'map') inner.map({ ...range, to: next, access: 'rw', pageSize: PAGE })
        else if (does === 'unmap') inner.unmap(range)
        if (does !== 'take') {
          for (const at of touched) {
            table[at] = does === 'map' ? next + BigInt(at - page) * PAGE : undefined
            for (const known of taken) if (known.page === at) known.isLive = false
          }
          next += 0x10000n
          continue
        }
        const translation = held.take(range.iova, read)
        expect(translation?.translatedAddress).toBe(table[page])
        if (translation !== undefined && !taken.some((known) => known.page === page && known.isLive)) {
          taken.push({ page, to: translation.translatedAddress, isLive: true })
        }
      }

      expect(held.size).toBe(taken.filter(({ isLive }) => isLive).length)
    },
  )
})
