import { expect, test } from 'vitest'
import { Outbox } from '../../src/lockstep/outbox.ts'
import { Ring, type RingMessage } from '../../src/lockstep/ring.ts'

function message(sequence: number, length = 8): RingMessage {
  return {
    time: 1000 - sequence,
    sequence,
    priority: 0,
    link: 0,
    port: 0,
    payload: new Uint8Array(length).fill(sequence),
  }
}

function outbox(most = 2 ** 20): { outbox: Outbox; consumer: Ring } {
  const memory = new SharedArrayBuffer(Ring.bytes(1024))
  return { outbox: new Outbox('a', 'b', new Ring(memory), most), consumer: new Ring(memory) }
}

test('more than a ring holds passes through it in rounds, in order, and tells the earliest of each round', () => {
  const { outbox: sender, consumer } = outbox()
  const taken: [sequence: number, first: number | undefined][] = []
  const buffer = new Uint8Array(8)
  for (let sequence = 0; sequence < 100; sequence++)
    sender.send({ ...message(sequence), payload: buffer.fill(sequence) })

  const earliest: number[] = []
  for (let window = 1; window === 1 || sender.hasBacklog || taken.length < 100; window++) {
    earliest.push(sender.publish(window))
    consumer.take(window, ({ sequence, payload }) => taken.push([sequence, payload[0]]))
  }

  // 25 fit at a time; a message later in the row is earlier in time. The first number is of all that was sent.
  expect(taken).toEqual(Array.from({ length: 100 }, (_, sequence) => [sequence, sequence]))
  expect(earliest).toEqual([901, 951, 926, 901])
})

test('nothing that is sent behind a backlog overtakes it', () => {
  const { outbox: sender, consumer } = outbox()
  const taken: number[] = []
  for (let sequence = 0; sequence < 26; sequence++) sender.send(message(sequence))
  sender.publish(1)
  consumer.take(1, ({ sequence }) => taken.push(sequence))
  sender.send(message(26))

  sender.publish(2)
  consumer.take(2, ({ sequence }) => taken.push(sequence))

  expect(taken).toEqual(Array.from({ length: 27 }, (_, sequence) => sequence))
  expect(sender.hasBacklog).toBe(false)
  expect(sender.publish(3)).toBe(Number.POSITIVE_INFINITY)
})

test('a message that no ring of this size takes names both ends', () => {
  const { outbox: sender } = outbox()

  expect(() => sender.send(message(0, 481))).toThrow(
    "a message of 481 bytes from 'a' to 'b' does not go through their ring of 1024 bytes: send at most 480 bytes at once",
  )
})

test('what waits behind a full ring is bounded, names both ends, and counts again when it has moved on', () => {
  const { outbox: sender, consumer } = outbox(3 * (8 + 128))
  for (let sequence = 0; sequence < 28; sequence++) sender.send(message(sequence))

  expect(() => sender.send(message(28))).toThrow(
    "'a' has sent more to 'b' in one window than the 408 bytes that may wait behind their ring: send less at once",
  )
  sender.publish(1)
  consumer.take(1, () => {})
  sender.publish(2)
  consumer.take(2, () => {})
  for (let sequence = 28; sequence < 56; sequence++) sender.send(message(sequence))

  expect(() => sender.send(message(56))).toThrow(expect.objectContaining({ code: 'lockstep.backlog' }))
})
