import { fc, test as property } from '@fast-check/vitest'
import { describe, expect, test } from 'vitest'
import type { Range } from '../../src/address/index.ts'
import {
  alias,
  CoalescedRing,
  container,
  type MemoryListener,
  MemorySystem,
  mmio,
  ram,
} from '../../src/memory/index.ts'
import { RecordingDevice } from './recording-device.ts'
import { RecordingListener } from './recording-listener.ts'

/** A {@link RecordingListener} that hears of coalesced ranges too. */
class Listener extends RecordingListener {
  coalescedAdd(_section: unknown, { start, last }: Range): void {
    this.log.push(`coalesce ${this.name} [${start.toString(16)}..${last.toString(16)}]`)
  }

  coalescedDel(_section: unknown, { start, last }: Range): void {
    this.log.push(`separate ${this.name} [${start.toString(16)}..${last.toString(16)}]`)
  }
}

function machine() {
  const system = new MemorySystem('machine')
  const root = container('root')
  const device = new RecordingDevice()
  const region = mmio('regs', 0x100n, device)
  root.add(region, 0x1000n)
  return { system, root, device, region, space: system.createSpace('memory', root) }
}

describe('a range', () => {
  test('is told at once, cut to every section that shows it, in every space, without begin and commit (CM-1)', () => {
    const { system, root, region, space } = machine()
    root.add(alias('part', region, { offset: 0x20n, size: 0x20n }), 0x4000n)
    const other = system.createSpace('other', region)
    const log: string[] = []
    space.register(new Listener('L', log))
    other.register(new Listener('M', log))
    log.length = 0

    system.transaction(() => {
      region.coalescing.add(0x10n, 0x20n)
      log.push('end')
    })

    expect(log).toEqual(['coalesce L [1010..102f]', 'coalesce L [4000..400f]', 'coalesce M [1010..102f]', 'end'])
    expect(region.coalescing.flushes).toBe(true)
  })

  test('visits listeners in ascending priority when it comes, in descending when it goes (LC-5)', () => {
    const { region, space } = machine()
    const log: string[] = []
    for (const priority of [0, 10]) space.register(new Listener(`L${priority}`, log, priority))
    log.length = 0

    region.coalescing.add(0n, 4n)
    region.coalescing.clear()

    expect(log).toEqual([
      'coalesce L0 [1000..1003]',
      'coalesce L10 [1000..1003]',
      'separate L10 [1000..1003]',
      'separate L0 [1000..1003]',
    ])
  })

  test.each([
    [-1n, 4n],
    [0n, 0n],
    [0xffn, 2n],
  ])('at %d of %d bytes is refused', (offset, size) => {
    expect(() => machine().region.coalescing.add(offset, size)).toThrow("of 'regs' cannot be put off")
  })
})

describe('clearing', () => {
  test('flushes, drops the flag, and then takes every range back (CM-2)', () => {
    const { region, space, device } = machine()
    const ring = new CoalescedRing('ring', space)
    ring.attach()
    for (const offset of [8n, 0n]) region.coalescing.add(offset, 4n)
    ring.write(0x1000n, Uint8Array.of(1))
    const flags: unknown[] = []
    space.register({
      name: 'L',
      priority: 0,
      coalescedDel: (_, { start }) => void flags.push(start, region.coalescing.flushes, device.log.length),
    })

    region.coalescing.clear()

    expect(flags).toEqual([0x1008n, false, 1, 0x1000n, false, 1])
    expect(region.coalescing.ranges).toEqual([])
  })

  test('a region that puts nothing off does nothing (CM-2)', () => {
    const { region } = machine()
    region.coalescing.setFlush()

    region.coalescing.clear()

    expect(region.coalescing.flushes).toBe(true)
  })

  test('and adding the whole region is one call (CM-2)', () => {
    const { region } = machine()
    region.coalescing.add(8n, 4n)

    region.coalescing.set()

    expect(region.coalescing.ranges).toEqual([{ start: 0n, last: 0xffn }])
  })

  test('the flag alone flushes, and drops it only where the region has no range (CM-4)', () => {
    const { region, space, device } = machine()
    const ring = new CoalescedRing('ring', space)
    ring.attach()
    region.coalescing.add(0n, 4n)
    ring.write(0x1000n, Uint8Array.of(1))

    region.coalescing.clearFlush()
    const kept = region.coalescing.flushes
    region.coalescing.clear()
    region.coalescing.setFlush()
    region.coalescing.clearFlush()

    expect([kept, device.log.length, region.coalescing.flushes]).toEqual([true, 1, false])
  })
})

describe('in a commit', () => {
  test('ranges go before their section and come after it (LC-1)', () => {
    const { region, space } = machine()
    for (const offset of [8n, 0n]) region.coalescing.add(offset, 4n)
    const listener = new Listener('L')
    space.register(listener)
    listener.take()

    region.setAddress(0x2000n)

    expect(listener.take()).toEqual([
      'begin L',
      'separate L [1008..100b]',
      'separate L [1000..1003]',
      'del L regs[1000..10ff]',
      'add L regs[2000..20ff]',
      'coalesce L [2008..200b]',
      'coalesce L [2000..2003]',
      'commit L',
    ])
  })

  test('a section that stays says nothing of its ranges (LC-1)', () => {
    const { root, region, space } = machine()
    region.coalescing.add(0n, 4n)
    const listener = new Listener('L')
    space.register(listener)
    listener.take()

    root.add(ram('ram', 0x1000n), 0n)

    expect(listener.take()).toEqual(['begin L', 'add L ram[0..fff]', 'nop L regs[1000..10ff]', 'commit L'])
  })
})

describe('a new listener', () => {
  test('is told of the ranges that a section shows, though one before them is not in it (LR-4)', () => {
    const { root, region, space } = machine()
    for (const offset of [0n, 0x80n, 0x90n]) region.coalescing.add(offset, 0x10n)
    root.add(ram('cover', 0x80n), 0x1000n, { priority: 1 })
    const listener = new Listener('L')

    space.register(listener)

    expect(listener.take()).toEqual([
      'begin L',
      'add L cover[1000..107f]',
      'add L regs[1080..10ff]',
      'coalesce L [1080..108f]',
      'coalesce L [1090..109f]',
      'commit L',
    ])
  })

  test('is told that they go before their section does, when it leaves (LR-3)', () => {
    const { region, space } = machine()
    region.coalescing.add(0n, 4n)
    const listener = new Listener('L')
    space.register(listener)
    listener.take()

    space.unregister(listener)

    expect(listener.take()).toEqual(['begin L', 'separate L [1000..1003]', 'del L regs[1000..10ff]', 'commit L'])
  })
})

const step = fc.oneof(
  fc.record({
    op: fc.constant('add' as const),
    which: fc.nat(1),
    offset: fc.nat(15),
    size: fc.integer({ min: 1, max: 8 }),
  }),
  fc.record({ op: fc.constant('clear' as const), which: fc.nat(1) }),
  fc.record({ op: fc.constant('set' as const), which: fc.nat(1) }),
  fc.record({ op: fc.constant('move' as const), which: fc.nat(1), to: fc.nat(24) }),
  fc.record({ op: fc.constant('toggle' as const), which: fc.nat(1) }),
  fc.record({ op: fc.constant('listen' as const) }),
)

property.prop([fc.array(step, { maxLength: 25 })], { numRuns: 150 })(
  'the bytes that listeners were told of are those that a look at every byte finds (CM-1, CM-2, LR-4)',
  (steps) => {
    const system = new MemorySystem('machine')
    const root = container('root')
    const regions = ['a', 'b'].map((name) => mmio(name, 24n, new RecordingDevice()))
    for (const region of regions) root.add(region, 0n)
    const space = system.createSpace('memory', root)
    const heard: Range[][] = []

    for (const step of steps) {
      if (step.op === 'listen') {
        const told: Range[] = []
        heard.push(told)
        const listener: MemoryListener = {
          name: `L${heard.length}`,
          priority: 0,
          coalescedAdd: (_, part) => void told.push(part),
          coalescedDel: (_, part) =>
            void told.splice(
              told.findIndex(({ start, last }) => start === part.start && last === part.last),
              1,
            ),
        }
        space.register(listener)
      } else {
        const region = regions[step.which] as (typeof regions)[0]
        if (step.op === 'add') region.coalescing.add(BigInt(step.offset), BigInt(step.size))
        else if (step.op === 'move') region.setAddress(BigInt(step.to))
        else if (step.op === 'toggle') region.setEnabled(!region.enabled)
        else region.coalescing[step.op]()
      }

      const times = (ranges: readonly Range[], byte: bigint) =>
        ranges.filter((r) => r.start <= byte && byte <= r.last).length
      for (let byte = 0n; byte < 64n; byte++) {
        const range = space.find(byte)
        const expected =
          range === undefined ? 0 : times(range.region.coalescing.ranges, byte - range.start + range.offset)
        for (const told of heard) expect(times(told, byte)).toBe(expected)
      }
    }
  },
)
