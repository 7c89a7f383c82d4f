import { expect, test } from 'vitest'
import { CallerMemory, container, MemorySystem, MemTx, ram, SparseMemory } from '../../src/memory/index.ts'

function shown(bytes: Uint8Array | SharedArrayBuffer) {
  const root = container('root')
  const memory = ram('frame-buffer', BigInt(bytes.byteLength), { bytes })
  root.add(memory, 0x1000n)
  return { memory, space: new MemorySystem('machine').createSpace('memory', root) }
}

test('writes appear in the caller`s bytes at once, and the caller`s in reads', () => {
  const bytes = new Uint8Array(0x2000).subarray(0x800, 0x1800)
  const { space } = shown(bytes)

  const result = space.write(0x1ffen, Uint8Array.of(1, 2))
  bytes[0] = 9
  const into = new Uint8Array(1)
  space.read(0x1000n, into)

  expect(result).toBe(MemTx.ok)
  expect([bytes[0xffe], bytes[0xfff], into[0]]).toEqual([1, 2, 9])
})

test('a shared buffer is taken as it is', () => {
  const buffer = new SharedArrayBuffer(0x1000)
  const { memory, space } = shown(buffer)

  space.write(0x1010n, Uint8Array.of(7))

  expect(new Uint8Array(buffer)[0x10]).toBe(7)
  expect(memory.memory.committedBytes).toBe(0x1000)
})

test('loaders write and clear it as any memory, up to its end', () => {
  const bytes = new Uint8Array(4)
  const { memory } = shown(bytes)

  const complete = memory.memory.write(2n, Uint8Array.of(1, 2, 3))
  const written = [...bytes]
  memory.memory.clear()

  expect(complete).toBe(false)
  expect(written).toEqual([0, 0, 1, 2])
  expect([...bytes]).toEqual([0, 0, 0, 0])
})

test('it has no handle for threads, and the way out is named', () => {
  expect(() => shown(new Uint8Array(8)).memory.memory.share()).toThrow('hand their SharedArrayBuffer')
})

test('a region cannot have both a memory and bytes, nor fewer bytes than its size', () => {
  const bytes = new Uint8Array(8)

  expect(() => ram('ram', 8n, { bytes, memory: new SparseMemory(8n) })).toThrow("region 'ram' cannot have both")
  expect(() => ram('ram', 9n, { bytes })).toThrow("region 'ram' cannot have 0x9 bytes: its memory has 0x8")
})

test('a mapping of memory over bytes of the caller is those bytes (BB-1)', () => {
  const bytes = new Uint8Array(0x30000)
  const memory = new CallerMemory(bytes)

  memory.viewAt(0xf, 0xffe, 0x10000)[2] = 7

  expect([bytes[0x10000], memory.viewAt(0xf, 0xffe, 0x10000).length]).toEqual([7, 0x10000])
})

test('gives all of its bytes in chunks of 64 KiB, in place', () => {
  const bytes = new Uint8Array(0x1_8003).subarray(3)
  const memory = new CallerMemory(bytes)

  const chunks = [...memory.chunks()]
  chunks[1]?.[1].fill(7)

  expect(chunks.map(([chunk, { length }]) => [chunk, length])).toEqual([
    [0, 0x1_0000],
    [1, 0x8000],
  ])
  expect([bytes[0xffff], bytes[0x1_0000], bytes[0x1_7fff]]).toEqual([0, 7, 7])
})
