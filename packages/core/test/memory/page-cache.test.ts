import { describe, expect, test } from 'vitest'
import { alias, container, type MemoryRegion, MemorySystem, MemTx, mmio, ram } from '../../src/memory/index.ts'

function space() {
  const root = container('root')
  return { root, memory: new MemorySystem('machine').createSpace('memory', root) }
}

function answering(name: string, value: number, size = 0x1000n): MemoryRegion {
  return mmio(name, size, { read: () => value, write: () => undefined })
}

describe('what has been found before', () => {
  test('is found anew when the map has changed, also where it was a large range', () => {
    const { root, memory } = space()
    const behind = ram('ram', 0x100000n)
    behind.memory.write(0n, new Uint8Array(0x100000).fill(7))
    const device = answering('device', 9)
    root.add(behind, 0n)

    const before = memory.load32(0x5000n)
    root.add(device, 0x5000n, { priority: 1 })
    const covered = memory.load32(0x5000n)
    root.remove(device)
    const after = memory.load32(0x5000n)
    root.remove(behind)

    expect([before, covered, after, memory.load32(0x5000n)]).toEqual([0x07070707, 9, 0x07070707, 0])
  })

  test('is what each byte of a page with many sections has (LK-3)', () => {
    const { root, memory } = space()
    for (let at = 0; at < 0x1000; at += 8) root.add(answering(`at ${at}`, at, 8n), 0x7000n + BigInt(at))

    for (let round = 0; round < 2; round++) {
      for (let at = 0; at < 0x1000; at += 8) expect(memory.load32(0x7000n + BigInt(at))).toBe(at)
    }
  })

  test('is right in more pages than there are slots', () => {
    const { root, memory } = space()
    const region = answering('device', 5, 0x800n)
    for (let page = 0; page < 300; page++) root.add(alias(`page ${page}`, region), BigInt(page) * 0x1000n)

    for (let round = 0; round < 3; round++) {
      for (let page = 0; page < 300; page++) {
        const address = BigInt(page) * 0x1000n
        expect([memory.load32(address), memory.load32(address + 0x800n)]).toEqual([5, 0])
      }
    }
  })

  test('is kept apart from views of long ago', () => {
    const { root, memory } = space()
    const device = answering('device', 1)
    root.add(device, 0n)
    memory.load32(0n)

    const seen = new Set<number>()
    for (let change = 0; change < 9000; change++) {
      device.setEnabled(change % 2 === 1)
      if (change % 4095 < 2) seen.add(memory.load32(0n) * 10 + (change % 2))
    }

    expect(seen).toEqual(new Set([0, 11]))
  })
})

test('pages with the same number below 4 GiB are told apart by the upper word', () => {
  const { root, memory } = space()
  root.add(answering('low', 1), 0x1000n)
  root.add(answering('high', 2), 0x1_0000_1000n)
  root.add(answering('highest', 3), 0xffff_ffff_0000_1000n)
  const large = ram('ram', 0x2_0000_0000n)
  root.add(alias('window', large), 0xffn << 32n)
  large.memory.write(0x1_0000_1000n, Uint8Array.of(4))

  const values = [0x1000n, 0x1_0000_1000n, 0xffff_ffff_0000_1000n, 0x100_0000_1000n, 0xff_0000_1000n]

  for (let round = 0; round < 3; round++) {
    expect(values.map((address) => memory.load32(address))).toEqual([1, 2, 3, 4, 0])
  }
})

test('memory that is made after it was looked up is seen', () => {
  const { root, memory } = space()
  const region = ram('ram', 2n ** 33n)
  root.add(region, 0n)
  const pair = new Uint32Array(2)
  const addresses = Array.from({ length: 40 }, (_, i) => BigInt(i) * 0x0d00_0000n)

  for (const [index, address] of addresses.entries()) {
    expect(memory.loadWords(address, pair)).toBe(MemTx.ok)
    expect([...pair]).toEqual([0, 0])
    region.memory.write(address, Uint8Array.of(index + 1, 0, 0, 0, 9))
    memory.loadWords(address, pair)
    expect([...pair]).toEqual([index + 1, 9])
  }

  expect(addresses.map((address) => memory.load32(address))).toEqual(addresses.map((_, index) => index + 1))
})

test('a range of many directory nodes and upper words is right in all of them', () => {
  const { root, memory } = space()
  const region = ram('ram', 2n ** 34n)
  root.add(region, 2n ** 32n - 0x10000n)
  const pair = new Uint32Array(2)

  for (let round = 0; round < 3; round++) {
    for (let index = 0; index < 32; index++) {
      const offset = BigInt(index) * 0x1fff_e000n
      const address = 2n ** 32n - 0x10000n + offset
      if (round === 0) region.memory.write(offset, Uint8Array.of(index, 1, 0, 0, 2))
      if (round === 1) memory.storeWords(address, index + 7, 3)
      memory.loadWords(address, pair)
      expect([...pair]).toEqual(round === 0 ? [index + 256, 2] : [index + 7, 3])
    }
  }
})

test('a large range is not found where only the lower word of the address is its', () => {
  const { root, memory } = space()
  const region = ram('ram', 0x100000n)
  region.memory.write(0n, new Uint8Array(0x100000).fill(7))
  root.add(region, 2n ** 32n)
  const into = new Uint8Array(16).fill(1)

  const there = memory.load64(2n ** 32n + 0x1000n)
  const elsewhere = [memory.load64(0x1000n), memory.loadResult, memory.load32(0x1000n), memory.read(0x1000n, into)]

  expect(there).toBe(0x0707070707070707n)
  expect(elsewhere).toEqual([0n, MemTx.decodeError, 0, MemTx.decodeError])
  expect(into).toEqual(new Uint8Array(16))
})

test('pages with one number in many upper words are told apart in the same slot', () => {
  const { root, memory } = space()
  for (let upper = 0; upper < 40; upper++) root.add(answering(`at ${upper}`, upper), (BigInt(upper) << 32n) + 0x1000n)

  const values = Array.from({ length: 80 }, (_, index) => memory.load32((BigInt(index % 40) << 32n) + 0x1000n))

  expect(values).toEqual(Array.from({ length: 80 }, (_, index) => index % 40))
})

test('memory of several directory nodes is found in each, from the last to the first', () => {
  const { root, memory } = space()
  const large = ram('ram', 0x1_0000_0000n)
  root.add(large, 0n)
  const places = [0xc000_1000n, 0x4000_1000n, 0x1000n]
  for (const [index, place] of places.entries()) large.memory.write(place, Uint8Array.of(index + 1))

  const values = places.flatMap((place) => [memory.load64(place), memory.load64(place)])

  expect(values).toEqual([1n, 1n, 2n, 2n, 3n, 3n])
})

test('what lies before the directory node of the last access is not taken for a part of it', () => {
  const { root, memory } = space()
  const large = ram('ram', 0x8000_0000n)
  root.add(large, 0x8000_0000n)
  large.memory.write(0n, Uint8Array.of(1))
  large.memory.write(0x4000_0000n, new Uint8Array(0x10000).fill(0xff))
  // The end of the first chunk lies before the second node, and looks like one of its entries.
  const numbers = Array.from({ length: 8 }, (_, index) => index + 1)

  const values = numbers.map((slot) => {
    large.memory.write(0xfffcn, Uint8Array.of(slot))
    return [memory.load32(0xc000_0000n), memory.load32(0xbfff_fffcn), memory.load64(0xbfff_f000n)]
  })

  expect(values).toEqual(numbers.map(() => [0xffff_ffff, 0, 0n]))
})
