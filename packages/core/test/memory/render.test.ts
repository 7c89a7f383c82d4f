import { describe, expect, test } from 'vitest'
import { GiB } from '../../src/address/index.ts'
import { alias, container, MemorySystem, type MmioOps, mmio, ram, rom, romDevice } from '../../src/memory/index.ts'
import { mapText } from './map-text.ts'

const silent: MmioOps = { read: () => 0, write() {} }
const whole = 2n ** 64n

describe('the worked example of rendering (FV-7, FV-8)', () => {
  function build(b: ReturnType<typeof container>) {
    const a = container('A', 0x8000n)
    b.add(mmio('D', 0x1000n, silent), 0n)
    b.add(mmio('E', 0x1000n, silent), 0x2000n)
    a.add(mmio('C', 0x6000n, silent), 0n, { priority: 1 })
    a.add(b, 0x2000n, { priority: 2 })
    return new MemorySystem('machine').createSpace('memory', a)
  }

  test('a region shows through where a container above it has no child (FV-7, FV-8)', () => {
    const space = build(container('B', 0x4000n))

    expect(mapText(space)).toBe('C[0..1fff] D[2000..2fff] C[3000..3fff]@3000 E[4000..4fff] C[5000..5fff]@5000')
  })

  test('a region that terminates covers what its children leave (MR-6)', () => {
    const space = build(ram('B', 0x4000n))

    expect(mapText(space)).toBe('C[0..1fff] D[2000..2fff] B[3000..3fff]@1000 E[4000..4fff] B[5000..5fff]@3000')
  })
})

describe('overlaps', () => {
  test('the highest priority wins, and at equal priority the newest (TM-2)', () => {
    const root = container('root')
    root.add(ram('low', 0x4000n), 0n)
    root.add(ram('high', 0x1000n), 0x1000n, { priority: 1 })
    root.add(ram('newer', 0x2000n), 0x1000n)

    const space = new MemorySystem('machine').createSpace('memory', root)

    expect(mapText(space)).toBe('low[0..fff] high[1000..1fff] newer[2000..2fff]@1000 low[3000..3fff]@3000')
  })

  test('a negative priority lies below', () => {
    const root = container('root')
    root.add(ram('above', 0x1000n), 0x1000n)
    root.add(ram('below', 0x3000n), 0n, { priority: -1 })

    const space = new MemorySystem('machine').createSpace('memory', root)

    expect(mapText(space)).toBe('below[0..fff] above[1000..1fff] below[2000..2fff]@2000')
  })

  test('a disabled region covers nothing (MR-10)', () => {
    const root = container('root')
    const cover = ram('cover', 0x1000n)
    root.add(ram('low', 0x2000n), 0n)
    root.add(cover, 0n)
    cover.setEnabled(false)

    const space = new MemorySystem('machine').createSpace('memory', root)

    expect(mapText(space)).toBe('low[0..1fff]')
  })

  test('children are cut at the end of their container, never the reverse (MR-5)', () => {
    const root = container('root')
    const bus = container('bus', 0x1800n)
    bus.add(ram('ram', 0x4000n), 0x1000n)
    root.add(bus, 0x10000n)

    const space = new MemorySystem('machine').createSpace('memory', root)

    expect(mapText(space)).toBe('ram[11000..117ff]')
  })
})

describe('aliases', () => {
  test('an alias shows a part of its target and is cut at the target`s end (MR-7, FV-2)', () => {
    const root = container('root')
    const memory = ram('ram', 0x4000n)
    root.add(alias('tail', memory, { offset: 0x3000n, size: 0x2000n }), 0x10000n)

    const space = new MemorySystem('machine').createSpace('memory', root)

    expect(mapText(space)).toBe('ram[10000..10fff]@3000')
  })

  test('a target far up its container begins below 0 (FV-2)', () => {
    const root = container('root')
    const high = container('high')
    const memory = ram('ram', 2n * GiB)
    high.add(memory, whole - 2n * GiB)
    root.add(alias('low', memory, { offset: GiB, size: GiB }), 0n)

    const space = new MemorySystem('machine').createSpace('memory', root)

    expect(mapText(space)).toBe('ram[0..3fffffff]@40000000')
  })

  test('an alias of an alias leads on, and one beyond its target shows nothing', () => {
    const root = container('root')
    const memory = ram('ram', 0x4000n)
    const first = alias('first', memory, { offset: 0x1000n })
    root.add(alias('second', first, { offset: 0x1000n, size: 0x1000n }), 0x8000n)
    root.add(alias('beyond', memory, { offset: 0x4000n, size: 0x1000n }), 0xa000n)

    const space = new MemorySystem('machine').createSpace('memory', root)

    expect(mapText(space)).toBe('ram[8000..8fff]@2000')
  })

  test('neighbouring aliases of one stretch of a region become one range (FV-6)', () => {
    const root = container('root')
    const memory = ram('ram', 0x4000n)
    root.add(alias('a', memory, { offset: 0n, size: 0x1000n }), 0x1000n)
    root.add(alias('b', memory, { offset: 0x1000n, size: 0x1000n }), 0x2000n)
    root.add(alias('c', memory, { offset: 0n, size: 0x1000n }), 0x3000n)

    const space = new MemorySystem('machine').createSpace('memory', root)

    expect(mapText(space)).toBe('ram[1000..2fff] ram[3000..3fff]')
  })

  test('read-only is inherited through aliases and containers, and separates neighbours (MR-11, FV-6)', () => {
    const root = container('root')
    const memory = ram('ram', 0x2000n)
    const first = alias('a', memory, { size: 0x1000n })
    root.add(first, 0n)
    root.add(alias('b', memory, { offset: 0x1000n }), 0x1000n)
    first.setReadonly(true)

    const space = new MemorySystem('machine').createSpace('memory', root)

    expect(space.flatView.ranges.map((range) => range.readonly)).toEqual([true, false])
  })
})

describe('the ends of a 64-bit space', () => {
  test('a region of exactly 2^64 bytes is one range', () => {
    const space = new MemorySystem('machine').createSpace('memory', ram('all', whole))

    expect(space.flatView.ranges).toMatchObject([{ start: 0n, last: whole - 1n, size: whole }])
  })

  test('the last byte can be a region of its own', () => {
    const root = container('root')
    root.add(ram('most', whole), 0n)
    root.add(ram('last', 1n), whole - 1n)

    const space = new MemorySystem('machine').createSpace('memory', root)

    expect(mapText(space)).toBe('most[0..fffffffffffffffe] last[ffffffffffffffff..ffffffffffffffff]')
  })

  test('what reaches past the end is cut off', () => {
    const root = container('root')
    root.add(ram('ram', whole), whole - 0x1000n)

    const space = new MemorySystem('machine').createSpace('memory', root)

    expect(mapText(space)).toBe('ram[fffffffffffff000..ffffffffffffffff]')
  })
})

test('a ROM device in ROM mode is told apart from one that is not (FV-5)', () => {
  const device = romDevice('flash', 0x1000n, silent)
  const root = container('root')
  root.add(device, 0n)
  root.add(rom('rom', 0x1000n), 0x1000n)
  const space = new MemorySystem('machine').createSpace('memory', root)
  const before = space.find(0n)

  device.setRomMode(false)

  expect(before).toMatchObject({ romMode: true, readonly: false })
  expect(space.find(0n)).toMatchObject({ romMode: false, readonly: false })
  expect(space.find(0x1000n)).toMatchObject({ readonly: true })
})

test('a background behind thousands of regions is cut into as many pieces', () => {
  const root = container('root')
  root.add(ram('background', 2n ** 40n), 0n, { priority: -1 })
  root.add(ram('behind', 0x1000n), 2n ** 40n)
  for (let i = 0n; i < 3000n; i++) root.add(mmio(`m${i}`, 0x10n, silent), i * 0x100n + 0x10n)

  const space = new MemorySystem('machine').createSpace('memory', root)

  expect(space.flatView.ranges.length).toBe(6002)
  expect(space.flatView.ranges.at(-1)?.region.name).toBe('behind')
})
