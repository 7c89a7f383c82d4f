// Long because every kind of region answers every kind of piece here (section 2.5).
import { describe, expect, test } from 'vitest'
import {
  alias,
  container,
  MemorySystem,
  MemTx,
  mmio,
  ram,
  rom,
  romDevice,
  SparseMemory,
} from '../../src/memory/index.ts'
import { RecordingDevice } from './recording-device.ts'

function space() {
  const root = container('root')
  const system = new MemorySystem('machine')
  return { root, memory: system.createSpace('memory', root) }
}

function bytes(...values: number[]): Uint8Array {
  return Uint8Array.from(values)
}

describe('RAM', () => {
  test('keeps what is written, across any boundary', () => {
    const { root, memory } = space()
    root.add(ram('ram', 0x100000n), 0n)
    const data = Uint8Array.from({ length: 0x30000 }, (_, i) => i % 251)
    const into = new Uint8Array(data.length)

    const results = [memory.write(0xfff1n, data), memory.read(0xfff1n, into)]

    expect(results).toEqual([MemTx.ok, MemTx.ok])
    expect(into).toEqual(data)
  })

  test('a transfer of nothing is no access (RW-1)', () => {
    expect(space().memory.read(0n, new Uint8Array(0))).toBe(MemTx.ok)
  })

  test('a transfer goes on from region to region, and what is between reads 0 (RW-4)', () => {
    const { root, memory } = space()
    root.add(ram('a', 0x1000n), 0n)
    root.add(ram('b', 0x1000n), 0x1008n)
    memory.write(0xffcn, bytes(1, 2, 3, 4))
    memory.write(0x1008n, bytes(5, 6, 7, 8))
    const into = new Uint8Array(16).fill(0xff)

    const result = memory.read(0xffcn, into)

    expect(result).toBe(MemTx.decodeError)
    expect(into).toEqual(bytes(1, 2, 3, 4, 0, 0, 0, 0, 0, 0, 0, 0, 5, 6, 7, 8))
  })

  test('the last piece in a hole reaches over the beginning of what follows (LK-2)', () => {
    const { root, memory } = space()
    const behind = ram('ram', 0x1000n)
    root.add(behind, 0x1002n)
    behind.memory.write(0n, bytes(1, 2, 3, 4, 5, 6))
    const into = new Uint8Array(8).fill(0xff)

    memory.read(0x1000n, into)

    expect(into).toEqual(bytes(0, 0, 0, 0, 3, 4, 5, 6))
  })

  test('the host`s lack of memory is a result', () => {
    const { root, memory } = space()
    const small = new SparseMemory(2n ** 40n, { limit: 0x40000 })
    root.add(ram('ram', 2n ** 40n, { memory: small }), 0n)

    const results = Array.from({ length: 8 }, (_, i) => memory.write(BigInt(i) * 0x40000000n, bytes(1)))

    expect(results[0]).toBe(MemTx.ok)
    expect(results.at(-1)).toBe(MemTx.error)
    expect(memory.read(7n * 0x40000000n, bytes(0xff))).toBe(MemTx.ok)
  })

  test('behind the last address comes the first', () => {
    const { root, memory } = space()
    root.add(ram('ram', 2n ** 64n), 0n)

    memory.write(2n ** 64n - 2n, bytes(1, 2, 3, 4))

    const into = bytes(0, 0)
    memory.read(0n, into)
    expect(into).toEqual(bytes(3, 4))
  })
})

describe('ROM', () => {
  test('reads are direct, and a write is refused and leaves it as it is', () => {
    const { root, memory } = space()
    const region = rom('rom', 0x1000n)
    region.memory.write(0n, bytes(1, 2, 3, 4))
    root.add(region, 0n)
    const into = bytes(0, 0, 0, 0)

    const result = memory.write(0n, bytes(9, 9, 9, 9))
    memory.read(0n, into)

    expect(result).toBe(MemTx.decodeError)
    expect(into).toEqual(bytes(1, 2, 3, 4))
  })

  test('a write through a read-only alias of writable RAM goes through (MR-12)', () => {
    const { root, memory } = space()
    const region = ram('ram', 0x2000n)
    const window = alias('window', region, { size: 0x1000n })
    window.setReadonly(true)
    root.add(window, 0n)

    const result = memory.write(0n, bytes(7))

    const into = bytes(0)
    region.memory.read(0n, into)
    expect(memory.find(0n)?.readonly).toBe(true)
    expect(result).toBe(MemTx.ok)
    expect(into).toEqual(bytes(7))
  })

  test('a region that is made read-only itself refuses writes', () => {
    const { root, memory } = space()
    const region = ram('ram', 0x1000n)
    root.add(region, 0n)

    region.setReadonly(true)

    expect(region.kind).toBe('rom')
    expect(memory.write(0n, bytes(7))).toBe(MemTx.decodeError)
  })
})

describe('a ROM device', () => {
  test('in ROM mode is read directly and written through its callbacks', () => {
    const { root, memory } = space()
    const device = new RecordingDevice()
    const flash = romDevice('flash', 0x1000n, device)
    flash.memory.write(0n, bytes(1, 2))
    root.add(flash, 0n)
    const into = bytes(0, 0)

    memory.read(0n, into)
    memory.write(0n, bytes(3, 4))

    expect(into).toEqual(bytes(1, 2))
    expect(device.log).toEqual(['write 0 2 403'])
  })

  test('out of ROM mode reads are callbacks too', () => {
    const { root, memory } = space()
    const device = new RecordingDevice()
    const flash = romDevice('flash', 0x1000n, device)
    root.add(flash, 0n)
    flash.setRomMode(false)

    memory.read(0x10n, bytes(0, 0))

    expect(device.log).toEqual(['read 10 2'])
  })

  test('a direct read past its section goes on in the same memory (RW-3)', () => {
    const { root, memory } = space()
    const flash = romDevice('flash', 0x2000n, new RecordingDevice())
    flash.memory.write(0xffen, bytes(1, 2, 3, 4))
    root.add(alias('part', flash, { size: 0x1000n }), 0n)
    root.add(ram('ram', 0x1000n), 0x1000n)
    const into = new Uint8Array(4)

    memory.read(0xffen, into)

    expect(into).toEqual(bytes(1, 2, 3, 4))
  })
})

test('a direct read past the memory of a ROM device goes on with what follows', () => {
  const { root, memory } = space()
  const flash = romDevice('flash', 0x1000n, new RecordingDevice())
  const after = ram('ram', 0x1000n)
  flash.memory.write(0xfffn, bytes(1))
  after.memory.write(0n, bytes(2))
  root.add(flash, 0n)
  root.add(after, 0x1000n)
  const into = new Uint8Array(2)

  memory.read(0xfffn, into)

  expect(into).toEqual(bytes(1, 2))
})

describe('pieces of a transfer to registers (RW-2)', () => {
  test('are 4 bytes at an address that 4 divides and 8 does not (RW-2)', () => {
    const { root, memory } = space()
    const device = new RecordingDevice({ valid: { max: 8 }, impl: { max: 8 } })
    root.add(mmio('device', 0x100n, device), 0n)

    memory.read(4n, new Uint8Array(12))

    expect(device.log).toEqual(['read 4 4', 'read 8 8'])
  })

  test('are powers of two, no longer than the alignment of their offset (RW-2)', () => {
    const { root, memory } = space()
    const device = new RecordingDevice({ valid: { max: 4 } })
    root.add(mmio('device', 0x100n, device), 0x1001n)

    memory.read(0x1002n, new Uint8Array(10))

    expect(device.log).toEqual(['read 1 1', 'read 2 2', 'read 4 4', 'read 8 2', 'read a 1'])
  })

  test('are as long as valid.max where the device takes them unaligned (RW-2)', () => {
    const { root, memory } = space()
    const device = new RecordingDevice({ valid: { max: 4, unaligned: true }, impl: { unaligned: true } })
    root.add(mmio('device', 0x100n, device), 0x1000n)

    memory.read(0x1001n, new Uint8Array(7))

    expect(device.log).toEqual(['read 1 4', 'read 5 2', 'read 7 1'])
  })

  test('reach past the end of the region where they begin inside (LK-2)', () => {
    const { root, memory } = space()
    const device = new RecordingDevice()
    root.add(mmio('device', 6n, device), 0x1000n)

    memory.read(0x1004n, new Uint8Array(4))

    expect(device.log).toEqual(['read 4 4'])
  })
})

test('an access that a callback makes does not disturb the one that it belongs to', () => {
  const { root, memory } = space()
  const inner = new RecordingDevice()
  inner.answer = () => 0x55n
  const outer = new RecordingDevice()
  outer.answer = () => {
    memory.read(0x1000n, bytes(0))
    return 0x66n
  }
  outer.fail = () => MemTx.error
  root.add(mmio('outer', 0x10n, outer), 0n)
  root.add(mmio('inner', 0x10n, inner), 0x1000n)
  const into = bytes(0, 0)

  const result = memory.read(0n, into)

  expect(result).toBe(MemTx.error)
  expect(into[0]).toBe(0x66)
})

test('a device that writes to its own registers does not fill the stack', () => {
  const { root, memory } = space()
  let calls = 0
  let innermost = 0
  root.add(
    mmio('loop', 0x10n, {
      read: () => 0,
      write() {
        calls++
        const result = memory.write(0n, bytes(1))
        innermost ||= result
      },
    }),
    0n,
  )

  memory.write(0n, bytes(1))

  expect(calls).toBe(64)
  expect(innermost).toBe(MemTx.accessError)
})

test('devices that write to each other through spaces of their own do not fill the stack', () => {
  const system = new MemorySystem('machine')
  const root = container('root')
  const spaces = Array.from({ length: 3 }, (_, i) => system.createSpace(`bus ${i}`, root))
  let calls = 0
  const next = () => spaces[calls++ % 3]?.write(0n, bytes(1))
  root.add(mmio('loop', 0x10n, { read: () => 0, write: next }), 0n)

  next()

  expect(calls).toBe(65)
})

test('the view is used to the end, even if a callback removes the region', () => {
  const { root, memory } = space()
  const device = new RecordingDevice()
  const region = mmio('device', 0x10n, device)
  device.answer = () => {
    if (region.container !== undefined) root.remove(region)
    return 1n
  }
  root.add(region, 0n)
  const into = new Uint8Array(8)

  const result = memory.read(0n, into)

  expect(result).toBe(MemTx.ok)
  expect(into).toEqual(bytes(1, 0, 0, 0, 1, 0, 0, 0))
})
