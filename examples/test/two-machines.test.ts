import { expect, test } from 'vitest'
import { build, main } from '../two-machines.ts'

test('two machines do the same on one thread and on two workers', async () => {
  const lines: string[] = []

  const print = (line: string) => lines.push(line)
  const { together, events, speedUp, machines } = await main(print, undefined, { blocks: 1, until: 1_000_000n })

  expect(together[1]).toBe(together[0])
  expect(machines.map(({ machine }) => machine)).toEqual([
    'left serial',
    'right serial',
    'left on 2 workers',
    'right on 2 workers',
  ])
  expect(machines.slice(2).map(({ fingerprint }) => fingerprint)).toEqual(
    machines.slice(0, 2).map(({ fingerprint }) => fingerprint),
  )
  expect(lines.slice(0, 3)).toEqual([
    'Two machines exchange DMA over a link of 20 µs for 1 ms of their time.',
    `On one thread:  ${events} events, fingerprint ${together[0]}`,
    `On two workers: ${events} events, fingerprint ${together[0]}`,
  ])
  expect(lines[3]).toBe(`The workers were ${speedUp.toFixed(2)} times as fast.`)
  // Of each machine 1,001 beats of the driver, and a frame each 4 of them, but for those that are on the wire at the end.
  expect({ events, fingerprint: together[0] }).toMatchInlineSnapshot(`
    {
      "events": 2492,
      "fingerprint": "bba90d3c7c12acde",
    }
  `)
})

test('the machine to look at has its devices and has not run', () => {
  const machine = build()

  expect(machine.now).toBe(0n)
  expect(Array.from(machine.devices(), ({ path }) => path)).toEqual(['phb0', 'phb0/00:01.0', 'phb0/00:02.0'])
})
