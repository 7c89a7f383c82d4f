import { describe, expect, test } from 'vitest'
import { type AddressSpace, alias, container, MemorySystem, ram } from '../../src/memory/index.ts'

function machine() {
  const system = new MemorySystem('machine')
  const root = container('root')
  return { system, root, memory: system.createSpace('memory', root) }
}

/** A bus master: a container of its own around a window to all of `root`. */
function busMaster(system: MemorySystem, root: Parameters<typeof alias>[1]) {
  const own = container('own')
  const window = alias('window', root)
  own.add(window, 0n)
  return { own, window, space: system.createSpace('bus master', own) }
}

const names = ({ flatView }: AddressSpace) => flatView.ranges.map(({ region }) => region.name)

describe('spaces that come to the same region', () => {
  test('show one view, however the way to it changes (FV-9)', () => {
    const { system, root, memory } = machine()
    const { window, space } = busMaster(system, root)
    root.add(ram('first', 0x1000n), 0n)
    expect(space.flatView).toBe(memory.flatView)

    window.setEnabled(false)
    root.add(ram('second', 0x1000n), 0x1000n)
    expect(names(space)).toEqual([])
    window.setEnabled(true)

    expect(space.flatView).toBe(memory.flatView)
    expect(names(space)).toEqual(['first', 'second'])
  })

  test('part where the region behind an alias outgrows it, and meet again (FV-9)', () => {
    const { system, root, memory } = machine()
    const bus = container('bus', 0x4000n)
    root.add(bus, 0n)
    bus.add(ram('low', 0x1000n), 0n)
    bus.add(ram('high', 0x1000n), 0x1000n)
    const own = container('own')
    own.add(alias('window', bus), 0n)
    const space = system.createSpace('bus master', own)
    expect(space.flatView).toBe(memory.flatView)

    bus.setSize(0x8000n)
    bus.add(ram('beyond', 0x1000n), 0x5000n)
    expect([names(space), names(memory)]).toEqual([
      ['low', 'high'],
      ['low', 'high', 'beyond'],
    ])
    bus.setSize(0x4000n)

    expect(space.flatView).toBe(memory.flatView)
  })

  test('part where a second child comes beside the one that they share', () => {
    const { system, root } = machine()
    const { own, space } = busMaster(system, root)
    root.add(ram('shared', 0x1000n), 0n)

    own.add(ram('its own', 0x1000n), 0x1000n)

    expect(names(space)).toEqual(['shared', 'its own'])
  })
})

describe('a space that nobody listens to', () => {
  test('shows the change only after the listeners of spaces made before have been told (TX-6, LC-10)', () => {
    const { system, root, memory } = machine()
    const { space } = busMaster(system, root)
    const last = system.createSpace('last', root)
    const seen: unknown[] = []
    const look = (when: string) => () => {
      seen.push([when, names(memory), names(space)])
      return undefined
    }
    memory.register({ name: 'one', priority: 0, begin: look('begin'), regionAdd: look('one'), commit: look('commit') })
    last.register({ name: 'two', priority: 0, regionAdd: look('two') })
    seen.length = 0

    root.add(ram('late', 0x1000n), 0n)

    expect(seen).toEqual([
      ['begin', [], []],
      ['one', [], []],
      ['two', ['late'], ['late']],
      ['commit', ['late'], ['late']],
    ])
  })

  test('shows in callbacks what it did before it went another way (TX-6)', () => {
    const { system, root, memory } = machine()
    root.add(ram('there', 0x1000n), 0n)
    const { space, window } = busMaster(system, root)
    const seen: unknown[] = []
    memory.register({ name: 'one', priority: 0, begin: () => seen.push(names(space)) })
    seen.length = 0

    window.setEnabled(false)

    expect(seen).toEqual([['there']])
    expect(names(space)).toEqual([])
  })

  test('reads what a change of the map has put there', () => {
    const { system, root } = machine()
    const { space } = busMaster(system, root)
    const [one, other] = [ram('one', 0x1000n), ram('other', 0x1000n)]
    one.memory.write(0n, Uint8Array.of(1))
    other.memory.write(0n, Uint8Array.of(2))
    root.add(one, 0n)
    const before = space.load8(0n)

    root.add(other, 0n)

    expect([before, space.load8(0n)]).toEqual([1, 2])
  })
})

test('a destroyed space shows nothing and follows no change', () => {
  const { system, root } = machine()
  const { space } = busMaster(system, root)
  root.add(ram('there', 0x1000n), 0n)
  expect(names(space)).toEqual(['there'])

  system.destroySpace(space)
  root.add(ram('late', 0x1000n), 0x1000n)

  expect(names(space)).toEqual([])
  expect(system.spaces.map(({ name }) => name)).toEqual(['memory'])
})
