import { expect, test } from 'vitest'
import { MemorySystem, MemTx, mmio, portIo } from '../../src/memory/index.ts'

test('where no port is reads give all ones, writes are ignored, and both succeed (VA-4)', () => {
  const ports = new MemorySystem('pc').createSpace('io', portIo('io'))
  const into = new Uint8Array(8)

  const results = [ports.read(0x3f8n, into), ports.write(0x3f8n, into), ports.load32(0xfffcn), ports.loadResult]

  expect(results).toEqual([MemTx.ok, MemTx.ok, 0xffff_ffff, MemTx.ok])
  expect(into).toEqual(new Uint8Array(8).fill(0xff))
  expect(ports.load64(0n)).toBe(2n ** 64n - 1n)
})

test('a device answers at its ports, and behind the last port nothing does (VA-4)', () => {
  const root = portIo('io')
  root.add(mmio('clock', 2n, { read: (offset) => offset + 1, write: () => undefined }), 0x70n)
  const ports = new MemorySystem('pc').createSpace('io', root)

  const values = [ports.load8(0x70n), ports.load8(0x71n), ports.load8(0x72n)]

  expect(values).toEqual([1, 2, 0xff])
  expect(ports.load8(0x10000n)).toBe(0)
  expect(ports.loadResult).toBe(MemTx.decodeError)
})
