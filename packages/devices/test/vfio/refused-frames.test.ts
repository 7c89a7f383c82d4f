import { fc } from '@fast-check/vitest'
import { describe, expect, test } from 'vitest'
import { type RefusalCode, RefusedFrames } from '../../src/vfio/refused-frames.ts'

describe('RefusedFrames', () => {
  test('reports runs ascending, with neighbours of one code merged', () => {
    const refused = new RefusedFrames()
    refused.add(8, 2, 'limit')
    refused.add(2, 1, 'page-size')
    refused.add(3, 1, 'page-size')
    refused.add(4, 1, 'not-ram')
    refused.add(10, 1, 'limit')

    const runs = refused.take((code) => `because of ${code}`)

    expect(runs.map(({ iova, size, code }) => [iova, size, code])).toEqual([
      [0x2000n, 0x2000n, 'page-size'],
      [0x4000n, 0x1000n, 'not-ram'],
      [0x8000n, 0x3000n, 'limit'],
    ])
    expect(runs[1]?.reason).toBe('because of not-ram')
    expect(refused.isEmpty).toBe(true)
  })

  test('reports the whole space as 2^64 bytes, and takes that back', () => {
    const refused = new RefusedFrames()
    refused.add(0, 2 ** 52, 'not-ram')
    const [whole] = refused.take(() => '')

    refused.addRuns([whole!])

    expect(whole?.size).toBe(1n << 64n)
    expect(refused.take(() => '')).toEqual([whole])
  })

  test('does not depend on the order in which frames are added', () => {
    const code = fc.constantFrom<RefusalCode>('limit', 'not-ram')
    fc.assert(
      fc.property(fc.array(code, { maxLength: 40 }), fc.infiniteStream(fc.nat()), (codes, order) => {
        const inOrder = new RefusedFrames()
        const shuffled = new RefusedFrames()
        const keys = codes.map(() => order.next().value as number)
        for (const [frame, code] of codes.entries()) inOrder.add(frame, 1, code)
        for (const frame of [...codes.keys()].sort((a, b) => keys[a]! - keys[b]!)) shuffled.add(frame, 1, codes[frame]!)

        expect(shuffled.take(() => '')).toEqual(inOrder.take(() => ''))
      }),
      { numRuns: 50 },
    )
  })
})
