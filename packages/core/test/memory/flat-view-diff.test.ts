import { fc, test } from '@fast-check/vitest'
import { expect } from 'vitest'
import { container, type FlatRange, type MemoryListener, MemorySystem, ram } from '../../src/memory/index.ts'

/** Keeps a map of its own from what it is told, and a letter for each call. */
class Follower implements MemoryListener {
  readonly name = 'follower'
  readonly priority = 0
  readonly sections: FlatRange[] = []
  calls = ''

  begin(): void {
    this.calls = 'b'
  }

  regionAdd(section: FlatRange): undefined {
    this.calls += 'a'
    this.sections.push(section)
  }

  regionDel(section: FlatRange): void {
    this.calls += 'd'
    const index = this.sections.findIndex((known) => known.equals(section))
    expect(index).toBeGreaterThanOrEqual(0)
    this.sections.splice(index, 1)
  }

  regionNop(section: FlatRange): void {
    this.calls += 'n'
    expect(this.sections.some((known) => known.equals(section))).toBe(true)
  }

  commit(): void {
    this.calls += 'c'
  }
}

const change = fc.record({
  region: fc.nat(5),
  kind: fc.constantFrom('place', 'take', 'readonly'),
  at: fc.nat(20),
  priority: fc.nat(2),
})

test.prop([fc.array(fc.array(change, { minLength: 1, maxLength: 4 }), { maxLength: 8 })], { numRuns: 150 })(
  'who follows the callbacks knows the flat view, and all deletions come first (LC-1, LC-2)',
  (transactions) => {
    const system = new MemorySystem('machine')
    const root = container('root')
    const regions = Array.from({ length: 6 }, (_, i) => ram(`ram${i}`, BigInt(i * 2 + 3)))
    const space = system.createSpace('memory', root)
    const follower = new Follower()
    space.register(follower)

    for (const changes of transactions) {
      system.transaction(() => {
        for (const { region: index, kind, at, priority } of changes) {
          const region = regions[index]!
          if (kind === 'readonly') region.setReadonly(!region.readonly)
          else region.container?.remove(region)
          if (kind === 'place') root.add(region, BigInt(at), { priority })
        }
      })

      const known = follower.sections.toSorted((a, b) => (a.start < b.start ? -1 : 1))
      expect(known.length).toBe(space.flatView.ranges.length)
      expect(known.every((section, i) => section.equals(space.flatView.ranges[i]!))).toBe(true)
      expect(follower.calls).toMatch(/^bd*[an]*c$/)
    }
  },
)
