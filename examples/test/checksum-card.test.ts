import { readFileSync } from 'node:fs'
import { fc, test as property } from '@fast-check/vitest'
import { Header } from '@hostbridge/devices/pci'
import { describe, expect, test } from 'vitest'
import { build, compose, main } from '../checksum-card.ts'

test('the card adds up what its guest has mapped, and says what it does not reach', () => {
  const lines: string[] = []

  const { now } = main((line) => lines.push(line))

  expect(now).toBe(9004n)
  expect(lines.join('\n')).toMatchInlineSnapshot(`
    "at 5004 ns the card has added up 4 bytes: 256, status 2
    at 9004 ns phb0/00:01.0 does not reach 0x2000: 'tce-0x80000000' has no mapping at 0x2000
    at 9004 ns the card has added up 4 bytes: 0, status 4"
  `)
})

test('building the machine runs nothing', () => {
  const lines: string[] = []

  const machine = build((line) => lines.push(line))

  expect([machine.now, lines]).toEqual([0n, []])
})

describe('the card', () => {
  test('is busy for as many ticks as it has bytes, and takes nothing meanwhile', () => {
    const { machine, peek, poke } = compose()
    poke('address', 0x1000)
    poke('length', 100)

    poke('control', 1)
    poke('length', 5)
    machine.run({ until: 99n })
    expect([peek('control'), peek('length')]).toEqual([1, 100])
    machine.run()

    expect([peek('control'), peek('interrupt'), machine.now]).toEqual([2, 1, 100n])
    poke('interrupt', 1)
    expect(peek('interrupt')).toBe(0)
  })

  test('refuses more bytes than it can as a status and a guest error', () => {
    const { machine, peek, poke } = compose()
    poke('length', 0x10_0001)

    poke('control', 1)
    machine.run()

    expect([peek('control'), machine.now, machine.guestErrors.last?.code]).toEqual([4, 0n, 'checksum.length'])
  })

  test('signals MSI where the guest has switched it on', () => {
    const { card, machine, poke } = compose()
    card.msi?.setMessage(0x1000n, 7)
    card.config.write((card.msi?.offset ?? 0) + 2, 2, 1)
    poke('address', 0x1000)

    poke('control', 1)
    machine.run()

    // The message meets a page that is mapped for reading only.
    expect(card.faults.last).toMatchObject({ iova: 0x1000n, access: 'write' })
    expect(card.intx?.asserted).toBe(false)
  })

  test('is as new after a reset, and where it is plugged next', () => {
    const { card, machine, poke } = compose()
    const fresh = card.save().registers
    poke('length', 50)
    poke('control', 1)

    machine.reset()
    machine.run()

    expect([machine.now, card.config.get(Header.command), card.save().registers]).toEqual([0n, 0, fresh])
    const other = compose()
    other.poke('length', 50)
    other.poke('control', 1)
    other.machine.unplug(other.card)
    expect([other.machine.queue.size, other.card.save().registers]).toEqual([0, [0n, 0, 0, 0]])
  })

  test('goes on after save and restore where it was', () => {
    const [one, other] = [compose(), compose()]
    one.poke('address', 0x1000)
    one.poke('length', 50)
    one.poke('control', 1)
    one.machine.run({ until: 20n })

    other.machine.restore(structuredClone(one.machine.save()))
    for (const { machine } of [one, other]) machine.run()

    expect(other.machine.save()).toEqual(one.machine.save())
    expect([other.machine.now, other.peek('control')]).toEqual([50n, 2])
  })

  property.prop(
    [
      fc.array(
        fc.tuple(
          fc.constantFrom('address', 'length', 'control', 'sum', 'interrupt'),
          fc.oneof(fc.nat({ max: 5 }), fc.nat({ max: 0xffff_ffff })),
        ),
        { maxLength: 30 },
      ),
    ],
    { numRuns: 50 },
  )('stays usable whatever is written to it', (writes) => {
    const { machine, peek, poke } = compose()

    for (const [register, value] of writes) {
      poke(register as 'address', value)
      machine.run({ until: machine.now + 1000n })
    }
    machine.run()

    expect([0, 2, 4]).toContain(peek('control'))
    expect(machine.queue.size).toBe(0)
    expect(() => structuredClone(machine.save())).not.toThrow()
  })
})

test('the page about writing a device shows this file, line by line', () => {
  const source = readFileSync(new URL('../checksum-card.ts', import.meta.url), 'utf8')
  const page = readFileSync(new URL('../../docs/writing-a-device.md', import.meta.url), 'utf8')

  const blocks = [...page.matchAll(/```ts\n([\s\S]*?)```/g)].map(([, block]) => block as string)

  expect(blocks.length).toBeGreaterThan(8)
  for (const block of blocks) expect(source).toContain(block)
})

test('the page about writing a device links to what is there', () => {
  const docs = new URL('../../docs/', import.meta.url)
  const page = readFileSync(new URL('writing-a-device.md', docs), 'utf8')

  const links = [...page.matchAll(/\]\(([^)#]+)\)/g)].map(([, link]) => new URL(link as string, docs))

  expect(links.length).toBeGreaterThan(5)
  for (const link of links) expect(readFileSync(link).length).toBeGreaterThan(0)
})
