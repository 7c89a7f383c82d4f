import { describe, expect, test } from 'vitest'
import { HostbridgeError } from '../../src/errors.ts'
import { container, MemorySystem, mmio, ram } from '../../src/memory/index.ts'
import { mapText } from './map-text.ts'

const whole = 2n ** 64n

describe('a fresh region (MR-1)', () => {
  test('is enabled, writable, at 0 with priority 0 and in no container', () => {
    const region = ram('ram', 0x1000n)

    expect(region).toMatchObject({ enabled: true, readonly: false, address: 0n, priority: 0 })
    expect([region.container, region.system]).toEqual([undefined, undefined])
  })

  test.each([0n, -1n, whole + 1n])('cannot have %s bytes (MR-2)', (size) => {
    expect(() => container('bus', size)).toThrow("region 'bus' cannot have")
  })

  test('can have exactly 2^64 bytes (MR-2)', () => {
    expect(container('bus').size).toBe(whole)
  })

  test('wants its size as a bigint', () => {
    expect(() => container('bus', 4096 as unknown as bigint)).toThrow(
      'number 4096 bytes: the size of a region is a bigint',
    )
  })
})

describe('adding', () => {
  test.each([-1n, whole])('at %s is refused', (offset) => {
    expect(() => container('bus').add(ram('ram', 0x1000n), offset)).toThrow("region 'ram' cannot be at")
  })

  test('with a fractional priority is refused', () => {
    expect(() => container('bus').add(ram('ram', 0x1000n), 0n, { priority: 0.5 })).toThrow('use an integer')
  })

  test('keeps children in descending priority, the newest first among equals (TM-2)', () => {
    const bus = container('bus')
    for (const [name, priority] of [
      ['a', 0],
      ['b', 1],
      ['c', 0],
      ['d', -1],
      ['e', 1],
    ] as const) {
      bus.add(ram(name, 1n), 0n, { priority })
    }

    expect(bus.children.map(({ name }) => name)).toEqual(['e', 'b', 'c', 'a', 'd'])
  })
})

describe('removing', () => {
  test('what is in another container is refused, and it is named', () => {
    const bus = container('bus')
    const child = ram('ram', 0x1000n)
    container('other').add(child, 0n)

    expect(() => bus.remove(child)).toThrow("'ram' cannot be removed from 'bus': it is in 'other'")
  })

  test('leaves a region that can be added again', () => {
    const bus = container('bus')
    const child = ram('ram', 0x1000n)
    bus.add(child, 0n)

    bus.remove(child)
    bus.add(child, 0x1000n)

    expect(child).toMatchObject({ container: bus, address: 0x1000n })
  })
})

test('a moved region becomes the newest of its priority (TM-3)', () => {
  const root = container('root')
  const first = ram('first', 0x2000n)
  root.add(first, 0n)
  root.add(ram('second', 0x1000n), 0x1000n)
  const space = new MemorySystem('machine').createSpace('memory', root)

  first.setAddress(0x1000n)

  expect(mapText(space)).toBe('first[1000..2fff]')
})

test('errors carry a code and the facts', () => {
  const bus = container('bus')

  let thrown: unknown
  try {
    bus.remove(mmio('uart', 8n, { read: () => 0, write() {} }))
  } catch (error) {
    thrown = error
  }

  expect(thrown).toBeInstanceOf(HostbridgeError)
  expect(thrown).toMatchObject({ code: 'memory.not-a-child', facts: { parent: 'bus', child: 'uart' } })
})
