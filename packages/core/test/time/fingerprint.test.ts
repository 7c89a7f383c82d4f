import { fc, test } from '@fast-check/vitest'
import { describe, expect } from 'vitest'
import { SimEvent } from '../../src/time/event.ts'
import { EventQueue } from '../../src/time/event-queue.ts'
import { Fingerprint, hashText } from '../../src/time/fingerprint.ts'

type Numbers = [time: number, rank: number, sequence: number, nameHash: number]

const numbers = fc.tuple(
  fc.integer({ min: 0, max: 2 ** 53 - 1 }),
  fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 }),
  fc.integer({ min: 0, max: 2 ** 32 }),
  fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 }),
)

const of = (sequence: readonly Numbers[]): string => {
  const fingerprint = new Fingerprint()
  for (const event of sequence) fingerprint.addNumbers(...event)
  return fingerprint.toString()
}

describe('Fingerprint', () => {
  test('is sixteen hexadecimal digits that stay what they are', () => {
    const fingerprint = new Fingerprint()
    const queue = new EventQueue({ fingerprint })
    for (const [time, name] of [
      [5, 'a'],
      [5, 'b'],
      [2 ** 40, 'c'],
    ] as const) {
      queue.schedule(new SimEvent(() => {}, { name, priority: -3, source: 7 }), time)
    }
    while (queue.serviceOne() !== undefined);

    expect([fingerprint.toString(), fingerprint.events, new Fingerprint().toString()]).toMatchInlineSnapshot(`
      [
        "0e3d4e2ed53cff84",
        3,
        "6130f37f0d628723",
      ]
    `)
  })

  test.prop({
    sequence: fc.array(numbers, { minLength: 1, maxLength: 20 }),
    at: fc.nat(),
    which: fc.nat(3),
    by: fc.constantFrom(1, 2, 256, 2 ** 31),
  })('differs when one number of one event does', ({ sequence, at, which, by }) => {
    const other = structuredClone(sequence) as Numbers[]
    const event = other[at % other.length] as Numbers
    event[which] =
      which === 1 || which === 3 ? (event[which] as number) ^ by : ((event[which] as number) + by) % 2 ** 53

    expect(of(other)).not.toBe(of(sequence))
  })

  test('tells sequences apart that differ in the order of two events only', () => {
    const events = Array.from({ length: 200 }, (_, index): Numbers => [index >> 1, 0, index, hashText(`${index & 1}`)])
    const seen = new Set([of(events)])

    for (let index = 0; index + 1 < events.length; index++) {
      const swapped = events.slice()
      swapped.splice(index, 2, events[index + 1] as Numbers, events[index] as Numbers)
      seen.add(of(swapped))
    }

    expect(seen.size).toBe(events.length)
  })

  test('has no two equal values among a hundred thousand sequences that hardly differ', () => {
    const seen = new Set<string>()

    for (let time = 0; time < 100; time++) {
      for (let sequence = 0; sequence < 100; sequence++) {
        for (let rank = -5; rank < 5; rank++) seen.add(of([[time, rank, sequence, 1]]))
      }
    }

    expect(seen.size).toBe(100_000)
  })

  test.prop({ sequence: fc.array(numbers, { maxLength: 20 }), cut: fc.nat(20) })(
    'goes on from a saved state as if it had never stopped',
    ({ sequence, cut }) => {
      const before = new Fingerprint()
      for (const event of sequence.slice(0, cut)) before.addNumbers(...event)
      const after = new Fingerprint()

      after.restore(structuredClone(before.save()))
      for (const event of sequence.slice(cut)) after.addNumbers(...event)

      expect([after.toString(), after.events]).toEqual([of(sequence), sequence.length])
      after.reset()
      expect(after.toString()).toBe(of([]))
    },
  )

  test('differs for events of other names', () => {
    const run = (name: string): string => {
      const fingerprint = new Fingerprint()
      const queue = new EventQueue({ fingerprint })
      queue.schedule(new SimEvent(() => {}, { name }), 1)
      queue.serviceOne()
      return `${fingerprint}`
    }

    expect(run('timer')).not.toBe(run('timer2'))
    expect(run('timer')).toBe(run('timer'))
  })
})
