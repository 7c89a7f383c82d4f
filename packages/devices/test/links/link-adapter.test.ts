import { KiB, MiB } from '@hostbridge/core/address'
import { Machine } from '@hostbridge/core/machine'
import { MemTx, ram } from '@hostbridge/core/memory'
import { describe, expect, test } from 'vitest'
import { type FrameWire, LinkAdapter } from '../../src/links/link-adapter.ts'
import { SpaprHostBridge } from '../../src/spapr/host-bridge.ts'

/** An adapter on a wire whose other end the test holds; IOVA page n lies at 64 KiB times n. */
function scene(): {
  adapter: LinkAdapter
  wire: FrameWire
  sent: Uint8Array[]
  memory: Machine['space']
  machine: Machine
} {
  const sent: Uint8Array[] = []
  const wire: FrameWire = { send: (frame) => sent.length < 2 && sent.push(frame.slice()) > 0, onFrame: undefined }
  const machine = new Machine('pseries')
  machine.map(0n, ram('ram', 1n * MiB))
  const phb = machine.plug(new SpaprHostBridge({ index: 0 }))
  for (let page = 0n; page < 4n; page++) phb.window.put(page * 4n * KiB, { to: page * 64n * KiB, access: 'rw' })
  const adapter = phb.plug('00:01.0', new LinkAdapter({ wire }))
  return { adapter, wire, sent, memory: machine.space, machine }
}

function bytesAt(memory: Machine['space'], address: bigint, length: number): number[] {
  const bytes = new Uint8Array(length)
  memory.read(address, bytes)
  return [...bytes]
}

describe('a link adapter', () => {
  test('sends what the IOMMU shows it, as far as the wire takes it', () => {
    const { adapter, sent, memory } = scene()
    memory.write(64n * 1024n - 2n, Uint8Array.of(9, 9, 7, 8))

    expect(adapter.send(4n * KiB, 2)).toBe('sent')
    expect(adapter.send(4n * KiB, 1)).toBe('sent')
    expect(adapter.send(4n * KiB, 1)).toBe('full')
    expect(adapter.send(16n * KiB, 1)).toBe('failed')

    expect(sent).toEqual([Uint8Array.of(7, 8), Uint8Array.of(7)])
    expect(adapter.faults.last).toMatchObject({ iova: 16n * KiB, access: 'read' })
  })

  test.each([0, -1, 1.5, Number.NaN, 2 ** 40, 0x1_0001])('sends no frame of %d bytes', (length) => {
    const { adapter, sent } = scene()

    expect(adapter.send(0n, length)).toBe('failed')
    expect(sent).toEqual([])
  })

  test('sends no frame that is longer than its wire takes', () => {
    const sent: number[] = []
    const wire: FrameWire = { send: ({ length }) => sent.push(length) > 0, onFrame: undefined, longestFrame: 100 }
    const { machine } = scene()
    const phb = machine.plug(new SpaprHostBridge({ index: 1 }))
    const adapter = phb.plug('00:01.0', new LinkAdapter({ wire }))
    phb.window.put(0n, { to: 0n, access: 'rw' })

    expect([100, 101].map((length) => adapter.send(0n, length))).toEqual(['sent', 'failed'])
    expect(sent).toEqual([100])
  })

  test.each([-1, 1.5, Number.NaN])('takes no buffer of %d bytes', (length) => {
    const { adapter, wire } = scene()

    expect(adapter.post(0n, length)).toBe(false)
    wire.onFrame?.(Uint8Array.of(1))
    expect(adapter.dropped).toBe(1)
  })

  test('puts frames into the posted buffers in their order, and says so until all have been taken', () => {
    const { adapter, wire, memory } = scene()
    adapter.post(8n * KiB, 3)
    adapter.post(4n * KiB, 10)

    wire.onFrame?.(Uint8Array.of(1, 2, 3, 4))
    wire.onFrame?.(Uint8Array.of(5, 6))
    wire.onFrame?.(Uint8Array.of(7))

    expect(bytesAt(memory, 128n * KiB, 4)).toEqual([1, 2, 3, 0])
    expect(bytesAt(memory, 64n * KiB, 3)).toEqual([5, 6, 0])
    expect(adapter.dropped).toBe(1)
    expect([adapter.take(), adapter.irq.raised]).toEqual([{ iova: 8n * KiB, length: 3, result: MemTx.ok }, true])
    expect([adapter.take(), adapter.irq.raised]).toEqual([{ iova: 4n * KiB, length: 2, result: MemTx.ok }, false])
    expect(adapter.take()).toBeUndefined()
  })

  test('tells of a buffer that it could not write, and holds no more buffers than it may', () => {
    const { adapter, wire } = scene()
    adapter.post(64n * KiB, 8)

    wire.onFrame?.(Uint8Array.of(1))

    expect(adapter.take()?.result).not.toBe(MemTx.ok)
    for (let count = 0; count < 256; count++) expect(adapter.post(0n, 1)).toBe(true)
    expect(adapter.post(0n, 1)).toBe(false)
    // A frame that nobody takes keeps the place of its buffer.
    wire.onFrame?.(Uint8Array.of(2))
    expect(adapter.post(0n, 1)).toBe(false)
    adapter.take()
    expect(adapter.post(0n, 1)).toBe(true)
  })

  test('has nothing left after a reset, and drops what comes when it is unplugged', () => {
    const { adapter, wire, machine } = scene()
    adapter.post(0n, 8)
    wire.onFrame?.(Uint8Array.of(1))
    adapter.post(0n, 8)

    machine.reset()
    wire.onFrame?.(Uint8Array.of(2))
    machine.unplug(adapter)
    wire.onFrame?.(Uint8Array.of(3))

    expect([adapter.take(), adapter.irq.raised, adapter.dropped]).toEqual([undefined, false, 2])
  })

  test('that is restored has the buffers, the frames and the count of the one that was saved', () => {
    const { adapter, wire } = scene()
    wire.onFrame?.(Uint8Array.of(1))
    adapter.post(8n * KiB, 3)
    adapter.post(4n * KiB, 10)
    wire.onFrame?.(Uint8Array.of(2, 3))
    const other = scene()

    other.adapter.restore(structuredClone(adapter.save()))
    other.wire.onFrame?.(Uint8Array.of(4))

    expect(other.adapter.dropped).toBe(1)
    expect(other.adapter.take()).toEqual({ iova: 8n * KiB, length: 2, result: MemTx.ok })
    expect(other.adapter.take()).toEqual({ iova: 4n * KiB, length: 1, result: MemTx.ok })
    expect(bytesAt(other.memory, 64n * KiB, 1)).toEqual([4])
  })
})
