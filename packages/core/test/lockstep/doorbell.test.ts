import { expect, test } from 'vitest'
import { Doorbell } from '../../src/lockstep/doorbell.ts'
import { at, LockstepOf, wire } from './lockstep-of.ts'

test('a doorbell is heard a latency later with its number, in the order of ringing, both ways', () => {
  const heard: string[] = []
  const bell = (domain: Parameters<typeof at>[0]): Doorbell => {
    const made = new Doorbell(domain.channel('a-b'))
    made.onRing = (value) => heard.push(`${domain.name} hears ${value} at ${domain.queue.now}`)
    return made
  }
  const lockstep = new LockstepOf([wire(7n)], {
    a: (domain) => {
      const made = bell(domain)
      at(domain, 3, () => {
        made.ring(0xffff_ffff)
        made.ring()
      })
      return undefined
    },
    b: (domain) => {
      const made = bell(domain)
      at(domain, 4, () => made.ring(5))
      return undefined
    },
  })

  lockstep.partition.run(100)

  expect(heard.sort()).toEqual(['a hears 5 at 11', 'b hears 0 at 10', 'b hears 4294967295 at 10'])
})
