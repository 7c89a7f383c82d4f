import { fc, test as property } from '@fast-check/vitest'
import { describe, expect, test } from 'vitest'
import {
  alias,
  container,
  type EventfdOptions,
  type EventfdSection,
  EventNotifier,
  type MemoryListener,
  MemorySystem,
  mmio,
  ram,
} from '../../src/memory/index.ts'
import { RecordingDevice } from './recording-device.ts'

const notifier = new EventNotifier('n')

/** Hears of eventfds, and of what else happens where it is asked to. */
class Listener implements MemoryListener {
  readonly name: string
  readonly priority: number
  readonly log: string[]

  constructor(name: string, log: string[] = [], priority = 0) {
    this.name = name
    this.log = log
    this.priority = priority
  }

  begin(): void {
    this.log.push(`begin ${this.name}`)
  }

  commit(): void {
    this.log.push(`commit ${this.name}`)
  }

  eventfdAdd(eventfd: EventfdSection): void {
    this.log.push(`add ${this.name} ${describeEventfd(eventfd)}`)
  }

  eventfdDel(eventfd: EventfdSection): void {
    this.log.push(`del ${this.name} ${describeEventfd(eventfd)}`)
  }

  take(): string[] {
    return this.log.splice(0)
  }
}

function describeEventfd({ start, size, data }: EventfdSection): string {
  return `${start.toString(16)}/${size}${data === undefined ? '' : `=${data}`}`
}

function machine() {
  const system = new MemorySystem('machine')
  const root = container('root')
  const region = mmio('regs', 0x100n, new RecordingDevice())
  root.add(region, 0x1000n)
  return { system, root, region, space: system.createSpace('memory', root) }
}

function place(offset: number, size: 0 | 1 | 2 | 4 | 8 = 4, data?: bigint): EventfdOptions {
  return { offset, size, notifier, ...(data === undefined ? {} : { data }) }
}

describe('a change of eventfds alone', () => {
  test('is told without begin and commit (TX-4)', () => {
    const { region, space } = machine()
    const listener = new Listener('L')
    space.register(listener)
    listener.take()

    region.eventfds.add(place(8))
    region.eventfds.remove(place(8))

    expect(listener.take()).toEqual(['add L 1008/4', 'del L 1008/4'])
  })

  test('is told when the transaction ends, with the map where that has changed too (TX-3)', () => {
    const { system, root, region, space } = machine()
    const listener = new Listener('L')
    space.register(listener)
    listener.take()

    system.transaction(() => {
      region.eventfds.add(place(8))
      root.add(ram('ram', 0x1000n), 0n)
    })

    expect(listener.take()).toEqual(['begin L', 'add L 1008/4', 'commit L'])
  })

  test('that was taken back in the same transaction is not told (TX-4)', () => {
    const { system, region, space } = machine()
    const listener = new Listener('L')
    space.register(listener)
    listener.take()

    system.transaction(() => {
      region.eventfds.add(place(8))
      region.eventfds.remove(place(8))
    })

    expect(listener.take()).toEqual([])
  })

  test('visits listeners in ascending priority when it goes, in descending when it comes (LC-6)', () => {
    const { region, space } = machine()
    const log: string[] = []
    for (const priority of [0, 10]) space.register(new Listener(`L${priority}`, log, priority))
    log.length = 0

    region.eventfds.add(place(8))
    region.eventfds.remove(place(8))

    expect(log).toEqual(['add L10 1008/4', 'add L0 1008/4', 'del L0 1008/4', 'del L10 1008/4'])
  })
})

describe('the difference', () => {
  test('is that of two lists sorted by start, size, data and notifier (LC-8)', () => {
    const { system, region, space } = machine()
    const listener = new Listener('L')
    for (const kept of [place(8, 2), place(8, 4, 1n), place(16)]) region.eventfds.add(kept)
    space.register(listener)
    listener.take()

    system.transaction(() => {
      region.eventfds.remove(place(16))
      region.eventfds.remove(place(8, 2))
      for (const fresh of [place(8, 4, 2n), place(8, 4), place(8, 1), place(4)]) region.eventfds.add(fresh)
    })

    expect(listener.take()).toEqual([
      'add L 1004/4',
      'add L 1008/1',
      'del L 1008/2',
      'add L 1008/4',
      'add L 1008/4=2',
      'del L 1010/4',
    ])
  })

  test('has no region, only the view, the start and the size (LC-8)', () => {
    const { region, space } = machine()
    const seen: EventfdSection[] = []
    space.register({ name: 'L', priority: 0, eventfdAdd: (eventfd) => void seen.push(eventfd) })

    region.eventfds.add(place(8))

    expect(seen).toEqual([{ view: space.flatView, start: 0x1008n, size: 4, data: undefined, notifier }])
  })

  test('follows a region that moves, hides and comes back (LC-8)', () => {
    const { region, space } = machine()
    region.eventfds.add(place(8))
    const listener = new Listener('L')
    space.register(listener)
    listener.take()

    region.setAddress(0x2000n)
    region.setEnabled(false)
    region.setEnabled(true)

    expect(listener.take().filter((line) => line.includes('/'))).toEqual([
      'del L 1008/4',
      'add L 2008/4',
      'del L 2008/4',
      'add L 2008/4',
    ])
  })
})

describe('a place', () => {
  test('is shown only where a range of its region meets it, and is not cut (EF-6)', () => {
    const { root, region, space } = machine()
    for (const offset of [0, 6, 8, 0xfe, 0x100]) region.eventfds.add(place(offset))
    const cut = alias('cut', region, { offset: 8n, size: 0x10n })
    root.add(cut, 0x4000n)
    const listener = new Listener('L')

    space.register(listener)

    expect(listener.take()).toEqual([
      'begin L',
      'add L 1000/4',
      'add L 1006/4',
      'add L 1008/4',
      'add L 10fe/4',
      'add L 3ffe/4',
      'add L 4000/4',
      'commit L',
    ])
  })

  test('of any size is shown where its first byte is (EF-6)', () => {
    const { region, space } = machine()
    for (const offset of [0xff, 0x100]) region.eventfds.add(place(offset, 0))
    const listener = new Listener('L')

    space.register(listener)

    expect(listener.take()).toEqual(['begin L', 'add L 10ff/0', 'commit L'])
  })
})

describe('a listener', () => {
  test('that is the first to want eventfds gets those that are there, at once (LC-9, LR-2)', () => {
    const { region, space } = machine()
    space.register({ name: 'other', priority: 0 })
    region.eventfds.add(place(8))
    const listener = new Listener('L')

    space.register(listener)

    expect(listener.take()).toEqual(['begin L', 'add L 1008/4', 'commit L'])
  })

  test('that was the last to want them may come back to newer ones (LC-9)', () => {
    const { region, space } = machine()
    const listener = new Listener('L')
    space.register(listener)
    space.unregister(listener)
    region.eventfds.add(place(8))
    listener.take()

    space.register(listener)

    expect(listener.take()).toEqual(['begin L', 'add L 1008/4', 'commit L'])
  })

  test('that leaves is told that they go, before the end (LR-3)', () => {
    const { region, space } = machine()
    region.eventfds.add(place(8))
    const listener = new Listener('L')
    space.register(listener)
    listener.take()

    space.unregister(listener)

    expect(listener.take()).toEqual(['begin L', 'del L 1008/4', 'commit L'])
  })
})

test('an eventfd added while its region is hidden is told when the region is shown in the same transaction (LC-8)', () => {
  const { system, region, space } = machine()
  const listener = new Listener('L')
  space.register(listener)
  listener.take()

  system.transaction(() => {
    region.setEnabled(false)
    region.eventfds.add(place(8))
    region.setEnabled(true)
  })

  expect(listener.take()).toContain('add L 1008/4')
})

const step = fc.oneof(
  fc.record({ op: fc.constant('add' as const), which: fc.nat(1), offset: fc.nat(20), size: fc.constantFrom(0, 1, 4) }),
  fc.record({ op: fc.constant('remove' as const), which: fc.nat(1), index: fc.nat(5) }),
  fc.record({ op: fc.constant('move' as const), which: fc.nat(1), to: fc.nat(24) }),
  fc.record({ op: fc.constant('toggle' as const), which: fc.nat(1) }),
  fc.record({ op: fc.constant('resize' as const), which: fc.nat(1), size: fc.integer({ min: 1, max: 24 }) }),
  fc.record({ op: fc.constant('listen' as const) }),
)

property.prop([fc.array(fc.array(step, { maxLength: 4 }), { maxLength: 12 })], { numRuns: 150 })(
  'what listeners have been told is what a look at every byte finds, whenever they came (LC-8, LC-9, EF-6)',
  (transactions) => {
    const system = new MemorySystem('machine')
    const root = container('root')
    const regions = ['a', 'b'].map((name) => mmio(name, 16n, new RecordingDevice()))
    for (const region of regions) root.add(region, 0n)
    root.add(alias('shown', regions[0] as (typeof regions)[0], { offset: 4n, size: 8n }), 60n)
    const space = system.createSpace('memory', root)
    const listeners: string[][] = []

    for (const steps of transactions) {
      system.begin()
      const late: MemoryListener[] = []
      for (const step of steps) {
        if (step.op === 'listen') {
          const told: string[] = []
          listeners.push(told)
          late.push({
            name: `L${listeners.length}`,
            priority: listeners.length % 3,
            eventfdAdd: (eventfd) => void told.push(describeEventfd(eventfd)),
            eventfdDel: (eventfd) => void told.splice(told.indexOf(describeEventfd(eventfd)), 1),
          })
          continue
        }
        const region = regions[step.which] as (typeof regions)[0]
        if (step.op === 'add') region.eventfds.add(place(step.offset, step.size as 4))
        else if (step.op === 'move') region.setAddress(BigInt(step.to))
        else if (step.op === 'toggle') region.setEnabled(!region.enabled)
        else if (step.op === 'resize') region.setSize(BigInt(step.size))
        else {
          const entry = region.eventfds.entries[step.index]
          if (entry !== undefined) region.eventfds.remove(place(entry.offset, entry.size as 4))
        }
      }
      system.commit()
      for (const listener of late) space.register(listener)

      const expected: string[] = []
      for (const { region, start, last, offset } of space.flatView.ranges) {
        for (const entry of region.eventfds.entries) {
          const first = Number(start - offset) + entry.offset
          const bytes = Array.from({ length: Math.max(1, entry.size) }, (_, i) => first + i)
          if (bytes.some((byte) => byte >= start && byte <= last)) expected.push(`${first.toString(16)}/${entry.size}`)
        }
      }
      for (const told of listeners) expect(told.toSorted()).toEqual(expected.toSorted())
    }
  },
)
