import { fc, test } from '@fast-check/vitest'
import { describe, expect } from 'vitest'
import { Ring, type RingMessage } from '../../src/lockstep/ring.ts'

const CAPACITY = 1024

function message(sequence: number, length: number): RingMessage {
  const payload = Uint8Array.from({ length }, (_, index) => sequence * 7 + index)
  return {
    time: 2 ** 53 - 1 - sequence,
    sequence,
    priority: sequence - 100,
    link: sequence % 3,
    port: 7 - sequence,
    payload,
  }
}

/** Both ends of one ring. */
function ring(): { producer: Ring; consumer: Ring } {
  const memory = new SharedArrayBuffer(Ring.bytes(CAPACITY))
  return { producer: new Ring(memory), consumer: new Ring(memory) }
}

function take(consumer: Ring, window: number): RingMessage[] {
  const taken: RingMessage[] = []
  consumer.take(window, (found) => taken.push({ ...found, payload: found.payload.slice() }))
  return taken
}

const operation = fc.oneof(
  { weight: 6, arbitrary: fc.integer({ min: 0, max: CAPACITY / 2 - 32 }).map((length) => ({ push: length % 200 })) },
  { weight: 1, arbitrary: fc.integer({ min: 0, max: CAPACITY / 2 - 32 }).map((length) => ({ push: length })) },
  { weight: 2, arbitrary: fc.constant('publish' as const) },
  { weight: 2, arbitrary: fc.constant('take' as const) },
)

describe('a ring', () => {
  test.prop([fc.array(operation, { maxLength: 300 })])('gives what an array gives, a window later', (operations) => {
    const { producer, consumer } = ring()
    let [written, published] = [[], []] as [RingMessage[], RingMessage[]]
    let window = 0
    let sequence = 0

    for (const what of operations) {
      if (what === 'publish') {
        producer.publish(++window)
        published = [...published, ...written]
        written = []
      } else if (what === 'take') {
        expect(take(consumer, window)).toEqual(published)
        published = []
      } else {
        const next = message(sequence, what.push)
        if (producer.push(next)) written.push(next)
        sequence++
      }
    }
  })

  test('takes messages until they fill it, and again when they have been taken', () => {
    const { producer, consumer } = ring()

    // A header of 32 bytes and 8 of payload each.
    for (let count = 0; count < 25; count++) expect(producer.push(message(count, 8))).toBe(true)
    expect(producer.push(message(25, 8))).toBe(false)
    producer.publish(1)
    expect(take(consumer, 1)).toHaveLength(25)

    expect(producer.push(message(26, 8))).toBe(true)
  })

  test('always has room for its longest payload when it is empty, wherever its begin is', () => {
    const { producer, consumer } = ring()
    const longest = message(1, producer.longestPayload)

    for (let window = 1; window < 200; window++) {
      expect(producer.push(message(0, (window * 8) % 100))).toBe(true)
      producer.publish(2 * window)
      expect(take(consumer, 2 * window)).toHaveLength(1)
      expect(producer.push(longest)).toBe(true)
      producer.publish(2 * window + 1)
      expect(take(consumer, 2 * window + 1)).toEqual([longest])
    }
  })

  test('shows nothing of the window that its producer is at', () => {
    const { producer, consumer } = ring()
    producer.push(message(1, 3))
    producer.publish(1)
    producer.push(message(2, 3))
    producer.publish(2)
    producer.push(message(3, 3))

    expect(take(consumer, 1)).toEqual([message(1, 3)])
    expect(take(consumer, 2)).toEqual([message(2, 3)])
    expect(take(consumer, 2)).toEqual([])
  })

  test('can be filled to its last byte', () => {
    const { producer } = ring()

    for (let offset = 0; offset < CAPACITY; offset += 32) expect(producer.push(message(offset, 0))).toBe(true)

    expect(producer.push(message(0, 0))).toBe(false)
  })

  test.each([1, 8, 40, 64, 1024].flatMap((before) => [[before, 31] as const, [before, 32] as const]))(
    'goes on where its positions wrap, %i times 8 bytes before 2^%i',
    (before, bits) => {
      const memory = new SharedArrayBuffer(Ring.bytes(CAPACITY))
      new Int32Array(memory)[0] = (2 ** bits - 8 * before) | 0
      const producer = new Ring(memory)
      const consumer = new Ring(memory)

      for (let window = 1; window < 60; window++) {
        const sent = [0, 1, 2].map((each) => message(window, (window * 13 + each * 50) % 150))
        for (const each of sent) expect(producer.push(each)).toBe(true)
        producer.publish(window)
        expect(take(consumer, window)).toEqual(sent)
      }
    },
  )
})
