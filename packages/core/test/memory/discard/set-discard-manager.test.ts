import { describe, expect, test } from 'vitest'
import { alias, container, PlainDiscardManager, ram } from '../../../src/memory/index.ts'

describe('the discard manager of a RAM region', () => {
  test('is one at most: a second is refused until the first is taken away (RD-1)', () => {
    const memory = ram('mem', 0x4000n)
    const [first, second] = [new PlainDiscardManager(memory), new PlainDiscardManager(memory)]
    memory.setDiscardManager(first)

    expect(() => memory.setDiscardManager(second)).toThrow(
      "who manages the memory of 'mem' cannot change to 'mem': 'mem' does it",
    )
    expect(memory.discardManager).toBe(first)
    memory.setDiscardManager(undefined)
    memory.setDiscardManager(second)
    expect(memory.discardManager).toBe(second)
  })

  test('cannot change while the region is mapped (RD-1)', () => {
    const memory = ram('mem', 0x4000n)
    const manager = new PlainDiscardManager(memory)
    const root = container('root')
    root.add(memory, 0n)

    expect(() => memory.setDiscardManager(manager)).toThrow("it is mapped in 'root'; take it out of there first")
    root.remove(memory)
    memory.setDiscardManager(manager)
    root.add(memory, 0n)
    expect(() => memory.setDiscardManager(undefined)).toThrow(
      expect.objectContaining({ code: 'memory.discard-manager' }),
    )
  })

  test('cannot change while an alias that is mapped shows the region, through other aliases too (RD-1, MR-9)', () => {
    const memory = ram('mem', 0x4000n)
    const manager = new PlainDiscardManager(memory)
    const root = container('root')
    const window = alias('window', alias('inner', memory))
    root.add(window, 0n)

    expect(() => memory.setDiscardManager(manager)).toThrow('an alias that is mapped shows it')
    root.remove(window)
    memory.setDiscardManager(manager)

    expect(memory.discardManager).toBe(manager)
  })
})
