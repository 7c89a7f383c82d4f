import { fc, test as property } from '@fast-check/vitest'
import { describe, expect, test } from 'vitest'
import {
  container,
  type EventfdOptions,
  EventNotifier,
  MemorySystem,
  MemTx,
  mmio,
  ram,
  ramDevice,
} from '../../src/memory/index.ts'
import { RecordingDevice } from './recording-device.ts'

function registers(options: ConstructorParameters<typeof RecordingDevice>[0] = {}) {
  const device = new RecordingDevice(options)
  const region = mmio('regs', 0x100n, device)
  const root = container('root')
  root.add(region, 0n)
  return { device, region, eventfds: region.eventfds, memory: new MemorySystem('machine').createSpace('memory', root) }
}

const [a, b] = [new EventNotifier('a'), new EventNotifier('b')]

function signals(): [number, number] {
  return [a.take(), b.take()]
}

describe('a write that matches', () => {
  test('signals in place of the callback and has succeeded (EF-4)', () => {
    const { device, eventfds, memory } = registers()
    eventfds.add({ offset: 8, size: 4, notifier: a })

    const result = memory.write(8n, Uint8Array.of(1, 2, 3, 4))

    expect([result, signals(), device.log]).toEqual([MemTx.ok, [1, 0], []])
  })

  test('is looked at before it is split into the sizes of the callbacks (EF-4)', () => {
    const { device, eventfds, memory } = registers({ valid: { max: 8 }, impl: { max: 1 } })
    eventfds.add({ offset: 8, size: 8, data: 0x0807060504030201n, notifier: a })

    memory.write(8n, Uint8Array.of(1, 2, 3, 4, 5, 6, 7, 8))

    expect([signals(), device.log]).toEqual([[1, 0], []])
  })

  test('must be valid (EF-4)', () => {
    const { eventfds, memory } = registers({ valid: { min: 2, max: 4 } })
    eventfds.add({ offset: 8, size: 1, notifier: a })

    const result = memory.write(8n, Uint8Array.of(1))

    expect([result, signals()]).toEqual([MemTx.decodeError, [0, 0]])
  })

  test('is a write: a read goes to the callback (EF-4)', () => {
    const { device, eventfds, memory } = registers()
    eventfds.add({ offset: 8, size: 1, notifier: a })

    memory.read(8n, new Uint8Array(1))

    expect([signals(), device.log]).toEqual([[0, 0], ['read 8 1']])
  })

  test.each<[string, Partial<EventfdOptions>, boolean]>([
    ['another start', { offset: 4 }, false],
    ['another size', { size: 2 }, false],
    ['a size of 0, whatever is written', { size: 0, data: 99n }, true],
    ['the data', { data: 0x04030201n }, true],
    ['other data', { data: 0x04030200n }, false],
    ['no data', {}, true],
  ])('is compared with %s (EF-2)', (_, options, matches) => {
    const { eventfds, memory } = registers()
    eventfds.add({ offset: 8, size: 4, notifier: a, ...options })

    memory.write(8n, Uint8Array.of(1, 2, 3, 4))

    expect(signals()).toEqual([matches ? 1 : 0, 0])
  })

  test('signals the first in order only, so that one without data shadows one with (EF-3)', () => {
    const { eventfds, memory } = registers()
    eventfds.add({ offset: 8, size: 1, data: 1n, notifier: a })
    memory.write(8n, Uint8Array.of(1))
    const alone = signals()

    eventfds.add({ offset: 8, size: 1, notifier: b })
    memory.write(8n, Uint8Array.of(1))

    expect([alone, signals()]).toEqual([
      [1, 0],
      [0, 1],
    ])
  })

  test.each<['little' | 'big' | 'native', 'little' | 'big', bigint]>([
    ['little', 'little', 0x01020304n],
    ['big', 'little', 0x04030201n],
    ['native', 'little', 0x01020304n],
    ['little', 'big', 0x04030201n],
    ['big', 'big', 0x01020304n],
    ['native', 'big', 0x01020304n],
  ])('to %s-endian registers has its data in the order of a %s-endian guest (EF-1)', (endianness, guest, stored) => {
    for (const early of [true, false]) {
      const region = mmio('regs', 0x100n, new RecordingDevice({ endianness }))
      const root = container('root')
      root.add(region, 0n)
      const add = () => region.eventfds.add({ offset: 8, size: 4, data: 0x01020304n, notifier: a })
      if (early) add()
      const memory = new MemorySystem('machine', { endianness: guest }).createSpace('memory', root)
      if (!early) add()

      memory.write(8n, guest === 'little' ? Uint8Array.of(4, 3, 2, 1) : Uint8Array.of(1, 2, 3, 4))

      expect(signals()).toEqual([1, 0])
      expect(region.eventfds.entries[0]?.data).toBe(stored)
    }
  })

  test('may be one to a RAM device, and cannot be one to RAM (EF-4)', () => {
    const [card, memory] = [ramDevice('card', 0x1000n), ram('ram', 0x1000n)]
    const root = container('root')
    root.add(card, 0n)
    root.add(memory, 0x1000n)
    const space = new MemorySystem('machine').createSpace('memory', root)
    for (const region of [card, memory]) region.eventfds.add({ offset: 0, size: 1, notifier: a })

    space.write(0n, Uint8Array.of(1))
    space.write(0x1000n, Uint8Array.of(2))

    expect(signals()).toEqual([1, 0])
    expect(memory.memory.committedBytes).toBeGreaterThan(0)
  })
})

describe('removing', () => {
  test('takes out the one that is equal in everything (EF-5)', () => {
    const { eventfds } = registers()
    for (const notifier of [a, b]) eventfds.add({ offset: 8, size: 4, data: 1n, notifier })

    eventfds.remove({ offset: 8, size: 4, data: 1n, notifier: b })

    expect(eventfds.entries).toMatchObject([{ notifier: a }])
  })

  test('with a size of 0 takes out the first at the place, whoever it signals (EF-5)', () => {
    const { eventfds } = registers()
    for (const size of [4, 2] as const) eventfds.add({ offset: 8, size, notifier: a })

    eventfds.remove({ offset: 8, size: 0, notifier: b })

    expect(eventfds.entries).toMatchObject([{ size: 4 }])
  })

  test('finds one of size 0, whatever size is asked for (EF-5)', () => {
    const { eventfds } = registers()
    eventfds.add({ offset: 8, size: 0, notifier: a })

    eventfds.remove({ offset: 8, size: 4, data: 1n, notifier: b })

    expect(eventfds.entries).toEqual([])
  })

  test.each<Partial<EventfdOptions>>([{ offset: 4 }, { size: 2 }, { data: 2n }, { notifier: b }])(
    'what is not there throws (EF-5): %o',
    (other) => {
      const { eventfds } = registers()
      eventfds.add({ offset: 8, size: 4, data: 1n, notifier: a })

      expect(() => eventfds.remove({ offset: 8, size: 4, data: 1n, notifier: a, ...other })).toThrow(
        "of 'regs': there is none like it",
      )
    },
  )
})

test.each<Partial<EventfdOptions>>([{ offset: -1 }, { offset: 0.5 }, { size: 3 as 4 }, { data: 256n }, { data: -1n }])(
  'an eventfd that no write can match is refused: %o',
  (wrong) => {
    const { eventfds } = registers()

    expect(() => eventfds.add({ offset: 8, size: 1, notifier: a, ...wrong })).toThrow("no eventfd 'a' of")
  },
)

const eventfd = fc.record({
  offset: fc.constantFrom(0, 4, 8),
  size: fc.constantFrom(0 as const, 1 as const, 2 as const, 4 as const, 8 as const),
  data: fc.option(fc.constantFrom(0n, 1n), { nil: undefined }),
  which: fc.nat(2),
})
const write = fc.record({ offset: fc.constantFrom(0, 4, 8), size: fc.constantFrom(1, 2, 4, 8), value: fc.nat(2) })

property.prop([fc.array(eventfd, { maxLength: 12 }), fc.array(write, { maxLength: 8 })], { numRuns: 150 })(
  'a write signals what a look at all eventfds in order finds (EF-2, EF-3)',
  (drawn, writes) => {
    const { device, eventfds, memory } = registers({
      valid: { max: 8, unaligned: true },
      impl: { max: 8, unaligned: true },
    })
    const notifiers = [new EventNotifier('0'), new EventNotifier('1'), new EventNotifier('2')]
    for (const { which, data, ...place } of drawn) {
      eventfds.add({ ...place, ...(data === undefined ? {} : { data }), notifier: notifiers[which] as EventNotifier })
    }
    const rank = (data: bigint | undefined) => (data === undefined ? -1 : Number(data))
    const sorted = drawn.toSorted(
      (x, y) => x.offset - y.offset || x.size - y.size || rank(x.data) - rank(y.data) || x.which - y.which,
    )

    for (const { offset, size, value } of writes) {
      const bytes = new Uint8Array(size)
      bytes[0] = value
      memory.write(BigInt(offset), bytes)

      const hit = sorted.find(
        (entry) =>
          entry.offset === offset &&
          (entry.size === 0 || (entry.size === size && (entry.data === undefined || Number(entry.data) === value))),
      )
      expect(notifiers.map((notifier) => notifier.take())).toEqual([0, 1, 2].map((i) => (hit?.which === i ? 1 : 0)))
      expect(device.take().length).toBe(hit === undefined ? 1 : 0)
    }
  },
)
