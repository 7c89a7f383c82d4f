import { fc, test } from '@fast-check/vitest'
import { describe, expect } from 'vitest'
import { container, MemorySystem, mmio, type RamRegion, ram } from '../../src/memory/index.ts'
import { RecordingListener } from './recording-listener.ts'

// The vectors 4 to 6 of the memory model with any number of listeners and any place, in place of the ones written there.

const priorities = fc.array(fc.integer({ min: -2, max: 2 }), { minLength: 1, maxLength: 5 })

/** RAM R with listeners of the given priorities; `ascending` are their names in the order in which they hear of additions. */
function scene(size: bigint, listeners: readonly number[]) {
  const root = container('root')
  const region = ram('R', size)
  root.add(region, 0n)
  const system = new MemorySystem('machine')
  const space = system.createSpace('memory', root)
  const log: string[] = []
  for (const [i, priority] of listeners.entries()) space.register(new RecordingListener(`L${i}`, log, priority))
  log.length = 0
  // Sorting keeps those of one priority in the order of their registration (LC-11).
  const ascending = listeners.map((_, i) => i).sort((a, b) => listeners[a]! - listeners[b]!)
  return { root, region, system, log, ascending: ascending.map((i) => `L${i}`) }
}

function all(what: string, names: readonly string[], section = ''): string[] {
  return names.map((name) => `${what} ${name}${section === '' ? '' : ` ${section}`}`)
}

function place(start: bigint, last: bigint): string {
  return `[${start.toString(16)}..${last.toString(16)}]`
}

describe('whoever listens, and wherever', () => {
  const flags: [string, (region: RamRegion) => void][] = [
    ['read-only', (region) => region.setReadonly(true)],
    ['non-volatile', (region) => region.setNonvolatile(true)],
    ['unmergeable', (region) => region.setUnmergeable(true)],
  ]

  test.prop([priorities, fc.constantFrom(...flags)])(
    'a changed flag goes in descending and comes in ascending priority (LC-4, LC-5, LC-11, vector 4)',
    (listeners, [, change]) => {
      const { region, log, ascending } = scene(0x10000n, listeners)

      change(region)

      expect(log).toEqual([
        ...all('begin', ascending),
        ...all('del', ascending.toReversed(), 'R[0..ffff]'),
        ...all('add', ascending, 'R[0..ffff]'),
        ...all('commit', ascending),
      ])
    },
  )

  test.prop([priorities, fc.bigInt(0n, 0xffffn), fc.bigInt(0n, 0xffffn)])(
    'what is put over a region takes all of it away before its pieces come, ascending (LC-2, LC-3, vector 5)',
    (listeners, a, b) => {
      const { root, log, ascending } = scene(0x10000n, listeners)
      const [start, last] = a < b ? [a, b] : [b, a]

      root.add(mmio('I', last - start + 1n, { read: () => 0, write() {} }), start, { priority: 1 })

      const pieces = [
        ...(start > 0n ? [`R${place(0n, start - 1n)}`] : []),
        `I${place(start, last)}`,
        ...(last < 0xffffn ? [`R${place(last + 1n, 0xffffn)}`] : []),
      ]
      expect(log).toEqual([
        ...all('begin', ascending),
        ...all('del', ascending.toReversed(), 'R[0..ffff]'),
        ...pieces.flatMap((piece) => all('add', ascending, piece)),
        ...all('commit', ascending),
      ])
    },
  )

  test.prop([priorities, fc.array(fc.boolean(), { maxLength: 8 })])(
    'what ends a transaction as it began is told as unchanged (TX-5, vector 6)',
    (listeners, toggles) => {
      const { region, system, log, ascending } = scene(0x10000n, listeners)

      system.transaction(() => {
        for (const enabled of [...toggles, false, true]) region.setEnabled(enabled)
      })

      expect(log).toEqual([
        ...all('begin', ascending),
        ...all('nop', ascending, 'R[0..ffff]'),
        ...all('commit', ascending),
      ])
    },
  )
})
