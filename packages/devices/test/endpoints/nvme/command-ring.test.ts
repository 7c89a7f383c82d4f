import { fc, test as property } from '@fast-check/vitest'
import { describe, expect } from 'vitest'
import { CommandRing } from '../../../src/endpoints/nvme/command-ring.ts'

const CAPACITY = 5

const step = fc.oneof(
  fc.record({ kind: fc.constant('put' as const), queue: fc.nat(2), command: fc.nat(3) }),
  fc.record({ kind: fc.constant('take' as const) }),
  fc.record({
    kind: fc.constant('remove' as const),
    queue: fc.nat(2),
    command: fc.option(fc.nat(3), { nil: undefined }),
  }),
  fc.record({ kind: fc.constant('save' as const) }),
)

describe('a ring of commands', () => {
  property.prop([fc.array(step, { maxLength: 40 })])('does what a list does', (steps) => {
    let ring = new CommandRing(CAPACITY)
    let list: { queue: number; command: number; due: number }[] = []
    let due = 0

    for (const step of steps) {
      if (step.kind === 'put' && list.length < CAPACITY) {
        const words = new Uint32Array(20)
        words[4] = step.command << 16
        ring.put(words, 4, step.queue, ++due)
        list.push({ queue: step.queue, command: step.command, due })
      } else if (step.kind === 'take' && list.length > 0) {
        ring.take()
        list.shift()
      } else if (step.kind === 'remove') {
        const { queue, command } = step
        const all = list.filter(
          (entry) => entry.queue === queue && (command === undefined || entry.command === command),
        )
        const gone = command === undefined ? all : all.slice(0, 1)
        list = list.filter((entry) => !gone.includes(entry))
        expect(ring.remove(queue, command)).toEqual(gone.map((entry) => entry.command))
      } else if (step.kind === 'save') {
        const saved = structuredClone(ring.save())
        ring = new CommandRing(CAPACITY)
        ring.restore(saved)
      }

      expect([ring.count, ring.room, ring.due]).toEqual([
        list.length,
        CAPACITY - list.length,
        list[0]?.due ?? Number.POSITIVE_INFINITY,
      ])
      if (list[0] !== undefined) {
        expect([(ring.words[ring.at] as number) >>> 16, ring.queue]).toEqual([list[0].command, list[0].queue])
      }
    }
  })
})
