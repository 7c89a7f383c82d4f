import { fc, test as property } from '@fast-check/vitest'
import { describe, expect, test } from 'vitest'
import { CoalescedRing, container, MemorySystem, MemTx, mmio, ram } from '../../src/memory/index.ts'
import { RecordingDevice } from './recording-device.ts'

function machine(capacity?: number) {
  const system = new MemorySystem('machine')
  const root = container('root')
  const device = new RecordingDevice()
  const region = mmio('vga', 0x100n, device)
  root.add(region, 0x1000n)
  const space = system.createSpace('memory', root)
  const ring = new CoalescedRing('ring', space, capacity === undefined ? {} : { capacity })
  ring.attach()
  region.coalescing.add(0n, 0x10n)
  return { system, root, device, region, space, ring }
}

function write(ring: CoalescedRing, address: bigint, ...bytes: number[]) {
  return ring.write(address, Uint8Array.from(bytes))
}

describe('a write', () => {
  test('inside a range is put off, and made in its order later (CM-3)', () => {
    const { device, ring } = machine()

    const results = [write(ring, 0x1004n, 1), write(ring, 0x1000n, 2, 3, 4, 5)]
    const before = device.take()
    ring.flush()

    expect([results, before]).toEqual([[MemTx.ok, MemTx.ok], []])
    expect(device.take()).toEqual(['write 4 1 1', 'write 0 4 5040302'])
  })

  test.each<[string, bigint, number[]]>([
    ['outside of it', 0x1010n, [1]],
    ['that reaches over its end', 0x100en, [1, 2, 3, 4]],
    ['of more than 8 bytes', 0x1000n, [1, 2, 3, 4, 5, 6, 7, 8, 9]],
  ])('%s is made at once, after what was put off', (_, address, bytes) => {
    const { device, ring } = machine()
    write(ring, 0x1000n, 0xaa)

    write(ring, address, ...bytes)

    expect([ring.pending, device.take()[0]]).toEqual([0, 'write 0 1 aa'])
  })

  test('to a full ring is made at once, after what was put off', () => {
    const { device, ring } = machine(2)
    for (const value of [1, 2, 3]) write(ring, 0x1000n, value)

    expect(device.take()).toEqual(['write 0 1 1', 'write 0 1 2', 'write 0 1 3'])
    expect(ring.pending).toBe(0)
  })

  test('is put off only while the range is seen there', () => {
    const { device, region, ring } = machine()
    region.setAddress(0x2000n)

    write(ring, 0x1000n, 1)
    write(ring, 0x2000n, 2)

    expect([ring.pending, device.log]).toEqual([1, []])
  })

  test('keeps its bytes, whatever the caller does with them later', () => {
    const { device, ring } = machine()
    const bytes = Uint8Array.of(1)

    ring.write(0x1000n, bytes)
    bytes[0] = 2
    ring.flush()

    expect(device.take()).toEqual(['write 0 1 1'])
  })
})

describe('writes that were put off are made', () => {
  test('when a transaction begins, in the map as it was (CM-3, TX-1)', () => {
    const { device, root, region, ring } = machine()
    write(ring, 0x1000n, 1)

    root.remove(region)

    expect(device.take()).toEqual(['write 0 1 1'])
  })

  test('when a nested transaction begins (TX-1)', () => {
    const { device, system, ring } = machine()

    system.transaction(() => {
      write(ring, 0x1000n, 1)
      system.begin()
      system.commit()
    })

    expect(device.take()).toEqual(['write 0 1 1'])
  })

  test('before the region is read or written, also by an access that is refused (CM-3)', () => {
    const { device, space, ring } = machine()
    write(ring, 0x1000n, 1)
    space.read(0x1020n, new Uint8Array(1))
    write(ring, 0x1000n, 2)
    space.write(0x1020n, Uint8Array.of(3))

    expect(device.take()).toEqual(['write 0 1 1', 'read 20 1', 'write 0 1 2', 'write 20 1 3'])
  })

  test('before another region is accessed only where it is flagged (CM-3)', () => {
    const { device, root, space, ring } = machine()
    const other = mmio('other', 0x10n, new RecordingDevice())
    root.add(other, 0x3000n)
    write(ring, 0x1000n, 1)

    space.read(0x3000n, new Uint8Array(1))
    const unflagged = device.take()
    other.coalescing.setFlush()
    space.read(0x3000n, new Uint8Array(1))

    expect([unflagged, device.take()]).toEqual([[], ['write 0 1 1']])
  })

  test('once, though making them accesses the region and changes the map (CM-3)', () => {
    const { device, root, space, ring } = machine()
    device.fail = () => {
      ring.flush()
      space.read(0x1020n, new Uint8Array(1))
      return 0
    }
    device.read = () => {
      device.log.push('read')
      root.add(ram('ram', 1n), 0n, { priority: -root.children.length })
      return 0
    }
    for (const value of [1, 2]) write(ring, 0x1000n, value)

    ring.flush()

    expect(device.take()).toEqual(['write 0 1 1', 'read', 'write 0 1 2', 'read'])
  })

  test('when the ring is detached, and then nothing is put off (CM-3)', () => {
    const { device, ring } = machine()
    write(ring, 0x1000n, 1)

    ring.detach()
    write(ring, 0x1000n, 2)

    expect([device.take(), ring.pending, ring.zones]).toEqual([['write 0 1 1', 'write 0 1 2'], 0, []])
  })
})

test('what callbacks let be put off waits for the next flush, so that a flush ends', () => {
  const { device, ring } = machine()
  device.fail = () => {
    write(ring, 0x1000n, 9)
    return 0
  }
  write(ring, 0x1000n, 1)

  ring.flush()

  expect([device.take(), ring.pending]).toEqual([['write 0 1 1'], 1])
})

test.each([0, -1, 1.5])('a ring of %d writes is refused', (capacity) => {
  const { space } = machine()

  expect(() => new CoalescedRing('none', space, { capacity })).toThrow("'none' cannot keep")
})

property.prop(
  [fc.array(fc.record({ at: fc.nat(0x1f), flush: fc.boolean() }), { maxLength: 30 }), fc.integer({ min: 1, max: 5 })],
  {
    numRuns: 100,
  },
)('all writes arrive, in their order, and never more wait than the ring holds (CM-3)', (writes, capacity) => {
  const { device, ring } = machine(capacity)

  for (const [i, { at, flush }] of writes.entries()) {
    write(ring, 0x1000n + BigInt(at), i)
    expect(ring.pending).toBeLessThanOrEqual(capacity)
    if (flush) ring.flush()
  }
  ring.flush()

  expect(device.take()).toEqual(writes.map(({ at }, i) => `write ${at.toString(16)} 1 ${i.toString(16)}`))
})
