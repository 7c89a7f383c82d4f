import { describe, expect, test } from 'vitest'
import { alias, container, MemorySystem, ram } from '../../src/memory/index.ts'
import { mapText } from './map-text.ts'
import { RecordingListener } from './recording-listener.ts'

/** RAM that is seen in two halves, each through an alias in a container. */
function scene() {
  const system = new MemorySystem('machine')
  const root = container('root')
  const bus = container('bus', 0x4000n)
  const memory = ram('ram', 0x2000n)
  const low = alias('low', memory, { size: 0x1000n })
  const high = alias('high', memory, { offset: 0x1000n })
  bus.add(low, 0n)
  bus.add(high, 0x1000n)
  root.add(bus, 0n)
  root.add(ram('other', 0x1000n), 0x8000n)
  const space = system.createSpace('memory', root)
  return { root, bus, memory, low, high, space }
}

type Scene = ReturnType<typeof scene>

describe.each([
  ['read-only', 'readonly', 'setReadonly'],
  ['non-volatile', 'nonvolatile', 'setNonvolatile'],
  ['unmergeable', 'unmergeable', 'setUnmergeable'],
] as const)('%s', (_, flag, set) => {
  const flags = ({ space }: Scene) => space.flatView.ranges.map((range) => range[flag])

  test('is false in a fresh region (MR-1)', () => {
    expect(ram('ram', 1n)[flag]).toBe(false)
  })

  test.each(['bus', 'memory', 'low'] as const)('is handed down from the %s (MR-11)', (above) => {
    const made = scene()

    made[above][set](true)

    expect(flags(made)[0]).toBe(true)
    expect(flags(made).at(-1)).toBe(false)
  })

  test('on one side keeps two halves apart, and taken back joins them (FV-6)', () => {
    const made = scene()

    made.high[set](true)
    const apart = mapText(made.space)
    made.high[set](false)

    expect(apart).toBe('ram[0..fff] ram[1000..1fff]@1000 other[8000..8fff]')
    expect(mapText(made.space)).toBe('ram[0..1fff] other[8000..8fff]')
  })

  test('changed makes the range go and come (LC-4, FV-5)', () => {
    const { bus, memory, root, space } = scene()
    root.remove(bus)
    memory.setSize(0x1000n)
    root.add(memory, 0x2000n)
    const listener = new RecordingListener('L')
    space.register(listener)
    listener.take()

    memory[set](true)

    expect(listener.log.slice(1, 3)).toEqual(['del L ram[2000..2fff]', 'add L ram[2000..2fff]'])
  })
})

test('unmergeable on both sides keeps two halves apart, read-only on both does not (FV-6)', () => {
  const { bus, space } = scene()

  bus.setReadonly(true)
  const joined = mapText(space)
  bus.setUnmergeable(true)

  expect(joined).toBe('ram[0..1fff] other[8000..8fff]')
  expect(mapText(space)).toBe('ram[0..fff] ram[1000..1fff]@1000 other[8000..8fff]')
})
