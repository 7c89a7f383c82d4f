import { describe, expect, test } from 'vitest'
import { Waits } from '../../src/time/waits.ts'

describe('Waits', () => {
  test('reports circles first, then everybody else who waits', () => {
    const waits = new Waits()
    waits.begin('cpu', 'disk', 'its completion')
    waits.begin('disk', 'iommu', 'a translation')
    waits.begin('iommu', 'disk', 'an invalidation')
    waits.begin('clerk', 'nobody', 'a letter')

    expect(waits.report()).toMatchInlineSnapshot(`
      [
        "deadlock: disk waits for iommu (a translation), iommu waits for disk (an invalidation)",
        "cpu waits for disk (its completion)",
        "clerk waits for nobody (a letter)",
      ]
    `)
  })

  test('finds the circle in a long line of those who wait, whoever comes first', () => {
    const waits = new Waits()
    for (let each = 0; each < 500; each++) waits.begin(`${each}`, `${each + 1}`, 'it')
    waits.begin('500', '499', 'it')

    const report = waits.report()

    expect(report[0]).toBe('deadlock: 499 waits for 500 (it), 500 waits for 499 (it)')
    expect(report).toHaveLength(500)
  })

  test('knows the shortest of several circles, and one who waits for itself', () => {
    const waits = new Waits()
    for (const [who, whom] of [
      ['a', 'b'],
      ['b', 'c'],
      ['c', 'd'],
      ['b', 'a'],
      ['d', 'a'],
      ['e', 'e'],
    ]) {
      waits.begin(who as string, whom as string, 'it')
    }

    expect(waits.report()).toEqual([
      'deadlock: a waits for b (it), b waits for a (it)',
      'deadlock: b waits for c (it), c waits for d (it), d waits for a (it), a waits for b (it)',
      'deadlock: e waits for e (it)',
    ])
  })

  test('forgets a wait that has ended', () => {
    const waits = new Waits()
    const wait = waits.begin('a', 'b', 'it')
    waits.begin('a', 'b', 'it')

    wait.end()
    wait.end()

    expect([waits.size, waits.report()]).toEqual([1, ['a waits for b (it)']])
    waits.clear()
    expect(waits.report()).toEqual([])
  })
})
