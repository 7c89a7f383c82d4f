import { once } from 'node:events'
import { Worker } from 'node:worker_threads'
import { fc, test as propertyTest } from '@fast-check/vitest'
import { describe, expect, test } from 'vitest'
import { SparseMemory } from '../../src/memory/index.ts'

const TiB = 2n ** 40n
const chunk = 0x10000

function bytes(...values: number[]): Uint8Array {
  return Uint8Array.from(values)
}

function readByte(memory: SparseMemory, offset: bigint): number {
  const into = bytes(0xff)
  memory.read(offset, into)
  return into[0]!
}

test('untouched memory reads 0 without being committed', () => {
  const memory = new SparseMemory(TiB)
  const into = new Uint8Array(0x30000).fill(0xff)

  memory.read(TiB - 0x30000n, into)

  expect(into.every((byte) => byte === 0)).toBe(true)
  expect(memory.committedBytes).toBe(0)
})

test('1 TiB with a few MiB touched costs a few MiB', () => {
  const memory = new SparseMemory(TiB)

  for (let i = 0n; i < 4n; i++) memory.write((i * TiB) / 4n, new Uint8Array(2 ** 20).fill(1))

  expect(memory.committedBytes).toBeLessThan(5 * 2 ** 20)
})

test.each([2n, 0xffffn, 0x10001n, 2n ** 30n + 1n, 2n ** 44n + 1n, 2n ** 58n + 1n, 2n ** 64n - 0x20000n])(
  'memory of %s bytes has a last byte',
  (size) => {
    const memory = new SparseMemory(size)

    const written = [memory.write(size - 1n, bytes(7)), memory.write(size + 0xffffn, bytes(7))]

    expect(written).toEqual([true, false])
    expect(readByte(memory, size - 1n)).toBe(7)
    expect(readByte(memory, size / 2n - 1n)).toBe(0)
  },
)

test('what is behind the end reads 0 and takes nothing', () => {
  const memory = new SparseMemory(0x10000n)
  memory.write(0n, bytes(1))

  const written = memory.write(0x20000n, bytes(1))

  expect(written).toBe(false)
  expect(readByte(memory, 0x20000n)).toBe(0)
  expect(readByte(memory, 2n ** 30n)).toBe(0)
})

test('places that differ at one level of the directory only hold their own bytes', () => {
  const memory = new SparseMemory(2n ** 64n)
  const places = [0n, 2n ** 16n, 2n ** 30n, 2n ** 44n, 2n ** 58n]

  for (const [index, place] of places.entries()) memory.write(place, bytes(index + 1))

  expect(places.map((place) => readByte(memory, place))).toEqual([1, 2, 3, 4, 5])
})

test('the end is exact, inside a chunk too', () => {
  const memory = new SparseMemory(100n)
  const into = new Uint8Array(4).fill(0xff)

  const written = [memory.write(98n, bytes(1, 2, 3, 4)), memory.write(100n, bytes(5)), memory.write(-1n, bytes(6))]
  memory.read(98n, into)

  expect(written).toEqual([false, false, false])
  expect(into).toEqual(bytes(1, 2, 0, 0))
  expect(readByte(memory, 100n)).toBe(0)
  expect(readByte(memory, -1n)).toBe(0)
})

test('the host`s limit stops new chunks and spares the old ones', () => {
  const memory = new SparseMemory(TiB, { limit: 8 * chunk })

  const written = Array.from({ length: 20 }, (_, i) => memory.write(BigInt(i * chunk), bytes(i + 1)))

  expect(written.indexOf(false)).toBeGreaterThan(0)
  expect(memory.write(0n, bytes(99))).toBe(true)
  expect(readByte(memory, 0n)).toBe(99)
  expect(readByte(memory, 19n * 0x10000n)).toBe(0)
})

test('a write that meets the limit half-way says so and keeps what fitted', () => {
  const memory = new SparseMemory(2n ** 30n, { limit: 3 * chunk })
  const data = new Uint8Array(4 * chunk).fill(5)

  const written = memory.write(0n, data)

  expect(written).toBe(false)
  expect(readByte(memory, 0n)).toBe(5)
  expect(readByte(memory, 3n * 0x10000n)).toBe(0)
})

test('cleared memory reads 0, costs nothing and can be written again', () => {
  const memory = new SparseMemory(2n ** 34n)
  memory.write(2n ** 33n, bytes(1, 2, 3))

  memory.clear()

  expect(memory.committedBytes).toBe(0)
  expect(readByte(memory, 2n ** 33n)).toBe(0)
  memory.write(0n, bytes(4))
  expect(readByte(memory, 0n)).toBe(4)
})

test.each([0n, -1n, 2n ** 64n + 1n])('memory of %s bytes is refused', (size) => {
  expect(() => new SparseMemory(size)).toThrow('it has 1 to 2^64')
})

propertyTest.prop(
  [
    fc.constantFrom(0n, 2n ** 30n - 0x10000n, 2n ** 44n - 0x10000n, 2n ** 64n - 0x40000n),
    fc.array(fc.tuple(fc.nat(0x30000), fc.oneof(fc.nat(40), fc.nat(0x11000))), { maxLength: 8 }),
  ],
  { numRuns: 60 },
)('holds what a plain array holds, across chunks and directory nodes', (anchor, writes) => {
  const memory = new SparseMemory(2n ** 64n)
  const plain = new Uint8Array(0x40000)

  for (const [index, [at, length]] of writes.entries()) {
    const data = new Uint8Array(Math.min(length, plain.length - at)).fill(index + 1)
    memory.write(anchor + BigInt(at), data)
    plain.set(data, at)
  }

  const into = new Uint8Array(plain.length)
  memory.read(anchor, into)
  expect(Buffer.compare(into, plain)).toBe(0)
})

describe('in a worker', () => {
  const source = `
    const { parentPort, workerData } = require('node:worker_threads')
    import(workerData.module).then(({ SparseMemory }) => {
      const memory = SparseMemory.attach(workerData.handle)
      parentPort.on('message', ({ read, write }) => {
        if (write !== undefined) memory.write(write, Uint8Array.of(42))
        const into = new Uint8Array(2)
        if (read !== undefined) memory.read(read, into)
        parentPort.postMessage([...into])
      })
      parentPort.postMessage('ready')
    })`

  test('chunks that are made after the worker has started are found, on both sides', async () => {
    const memory = new SparseMemory(TiB)
    const module = new URL('../../src/memory/sparse-memory.ts', import.meta.url).href
    const worker = new Worker(source, { eval: true, workerData: { module, handle: memory.share() } })
    const ask = async (message: object): Promise<unknown> => {
      worker.postMessage(message)
      return (await once(worker, 'message'))[0]
    }
    await once(worker, 'message')

    const before = await ask({ read: 0x5000_0000n })
    for (let i = 0n; i < 200n; i++) memory.write(i * 0x4000_0000n, bytes(1, 2))
    const after = await ask({ read: 0x4000_0000n * 199n })
    await ask({ write: TiB - 1n })

    await worker.terminate()
    expect(before).toEqual([0, 0])
    expect(after).toEqual([1, 2])
    expect(readByte(memory, TiB - 1n)).toBe(42)
  })

  test('chunks that both sides make at the same time are made once', async () => {
    const memory = new SparseMemory(TiB)
    const chunks = 1500
    const racing = `
      const { workerData } = require('node:worker_threads')
      import(workerData.module).then(({ SparseMemory }) => {
        const memory = SparseMemory.attach(workerData.handle)
        const arrived = new Int32Array(workerData.arrived)
        for (let i = 0; i < workerData.chunks; i++) {
          Atomics.add(arrived, 0, 1)
          while (Atomics.load(arrived, 0) < 2 * (i + 1));
          memory.write(BigInt(i) * 0x10000n, Uint8Array.of(1))
        }
      })`
    const arrived = new Int32Array(new SharedArrayBuffer(4))
    const module = new URL('../../src/memory/sparse-memory.ts', import.meta.url).href
    const workerData = { module, handle: memory.share(), arrived: arrived.buffer, chunks }
    const worker = new Worker(racing, { eval: true, workerData })
    const exited = once(worker, 'exit')
    while (Atomics.load(arrived, 0) === 0) await new Promise((resolve) => setTimeout(resolve, 5))

    for (let i = 0; i < chunks; i++) {
      Atomics.add(arrived, 0, 1)
      while (Atomics.load(arrived, 0) < 2 * (i + 1));
      memory.write(BigInt(i) * 0x10000n + 1n, bytes(2))
    }
    await exited

    const into = new Uint8Array(2)
    for (let i = 0; i < chunks; i++) {
      memory.read(BigInt(i) * 0x10000n, into)
      expect(into).toEqual(bytes(1, 2))
    }
  })
})

describe('the chunks that have been made', () => {
  test.each([0x1_8000n, 2n ** 30n, 2n ** 44n, 2n ** 64n])(
    'of %s bytes are given ascending with what was written',
    (size) => {
      const memory = new SparseMemory(size)
      const places = [size - 1n, 0n, size / 2n, size / 3n]
      for (const [index, place] of places.entries()) memory.write(place, Uint8Array.of(index + 1))

      const found = Array.from(memory.chunks(), ([chunk, bytes]) => [
        chunk,
        bytes.length,
        bytes.find((byte) => byte !== 0),
      ])

      const wanted = new Map(places.map((place) => [Number(place / 0x1_0000n), place]))
      expect(found.map(([chunk]) => chunk)).toEqual([...wanted.keys()].sort((a, b) => a - b))
      expect(found.at(-1)?.[1]).toBe(Number(size % 0x1_0000n) || 0x1_0000)
      expect(found.every(([, , byte]) => byte !== undefined)).toBe(true)
    },
  )
})
