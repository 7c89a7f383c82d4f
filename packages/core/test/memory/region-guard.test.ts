import { describe, expect, test } from 'vitest'
import {
  container,
  type MemoryRegion,
  MemorySystem,
  MemTx,
  mmio,
  ramDevice,
  romDevice,
} from '../../src/memory/index.ts'
import { RecordingDevice } from './recording-device.ts'

/** Registers at 0 whose write callback accesses what is at 0x1000. */
function scene(
  target: (device: RecordingDevice) => MemoryRegion,
  owner: { name: string } | undefined = { name: 'card' },
) {
  const root = container('root')
  const [device, other] = [new RecordingDevice(), new RecordingDevice()]
  const registers = mmio('regs', 0x1000n, device)
  if (owner !== undefined) registers.ownedBy(owner)
  root.add(registers, 0n)
  root.add(target(other), 0x1000n)
  const space = new MemorySystem('machine').createSpace('memory', root)
  const nested: unknown[] = []
  device.fail = () => {
    const into = Uint8Array.of(0xee)
    nested.push(space.read(0x1000n, into), into[0], space.write(0x1000n, Uint8Array.of(1)))
    return 0
  }
  return { space, device, other, nested, owner, registers }
}

describe('while a callback of a device runs', () => {
  test('an access to any of its regions is denied, calls nothing and reads 0 (SP-7)', () => {
    const owner = { name: 'card' }
    const { space, other, nested } = scene((ops) => mmio('more', 0x1000n, ops).ownedBy(owner), owner)

    const result = space.write(0n, Uint8Array.of(1))

    expect(nested).toEqual([MemTx.accessError, 0, MemTx.accessError])
    expect([result, other.log]).toEqual([MemTx.ok, []])
  })

  test('an access to the region itself is denied, and the next one from outside is not (SP-7)', () => {
    const { space, device, nested } = scene((ops) => mmio('other', 0x1000n, ops))
    device.fail = () => {
      nested.push(space.write(0n, Uint8Array.of(2)))
      return 0
    }

    const results = [1, 3].map((value) => space.write(0n, Uint8Array.of(value)))

    expect([results, nested]).toEqual([
      [MemTx.ok, MemTx.ok],
      [MemTx.accessError, MemTx.accessError],
    ])
    expect(device.log).toEqual(['write 0 1 1', 'write 0 1 3'])
  })

  test('another device is not denied, nor what belongs to nobody (SP-7)', () => {
    for (const target of [{ name: 'other' }, undefined]) {
      const { space, nested } = scene((ops) => {
        const region = mmio('more', 0x1000n, ops)
        return target === undefined ? region : region.ownedBy(target)
      })

      space.write(0n, Uint8Array.of(1))

      expect(nested).toEqual([MemTx.ok, 0, MemTx.ok])
    }
  })

  test('a region that opts out, a ROM device and a RAM device are not denied (SP-7)', () => {
    const owner = { name: 'card' }
    const targets = [
      (ops: RecordingDevice) => mmio('more', 0x1000n, ops).ownedBy(owner, { reentrant: true }),
      (ops: RecordingDevice) => romDevice('flash', 0x1000n, ops).ownedBy(owner),
      () => ramDevice('bar', 0x1000n).ownedBy(owner),
    ]
    for (const target of targets) {
      const { space, nested } = scene(target, owner)

      space.write(0n, Uint8Array.of(1))

      expect(nested).toEqual([MemTx.ok, 0, MemTx.ok])
    }
  })

  test('a read-only region is not denied (SP-7)', () => {
    const owner = { name: 'card' }
    const { space, nested } = scene((ops) => {
      const region = mmio('more', 0x1000n, ops).ownedBy(owner)
      region.setReadonly(true)
      return region
    }, owner)

    space.write(0n, Uint8Array.of(1))

    expect(nested[0]).toBe(MemTx.ok)
  })

  test('what is exempt does not end the guard when it returns (SP-7)', () => {
    const owner = { name: 'card' }
    const { space, device, nested } = scene(
      (ops) => mmio('more', 0x1000n, ops).ownedBy(owner, { reentrant: true }),
      owner,
    )
    const access = device.fail
    device.fail = (offset) => {
      access(offset)
      nested.push(space.write(0n, Uint8Array.of(2)))
      return 0
    }

    space.write(0n, Uint8Array.of(1))

    expect(nested).toEqual([MemTx.ok, 0, MemTx.ok, MemTx.accessError])
  })

  test('a region that was made read-only by its callback is guarded again later (SP-7)', () => {
    const { space, device, nested, registers } = scene((ops) => mmio('other', 0x1000n, ops))
    let depth = 0
    device.fail = () => {
      registers.setReadonly(depth === 0)
      if (depth++ === 0) nested.push(space.read(0n, new Uint8Array(1)))
      registers.setReadonly(false)
      return 0
    }
    space.write(0n, Uint8Array.of(1))
    device.fail = () => {
      if (depth++ < 5) nested.push(space.write(0n, Uint8Array.of(1)))
      return 0
    }

    space.write(0n, Uint8Array.of(1))

    expect(nested).toEqual([MemTx.ok, MemTx.accessError])
  })
})

test('accesses that came in while the region was read-only do not end the guard (SP-7)', () => {
  const { space, device, registers } = scene((ops) => mmio('other', 0x1000n, ops))
  const results: number[] = []
  let isNested = false
  device.fail = () => {
    if (isNested) {
      registers.setReadonly(false)
      return 0
    }
    isNested = true
    registers.setReadonly(true)
    results.push(space.read(0n, new Uint8Array(1)), space.read(0n, new Uint8Array(1)))
    return 0
  }

  space.write(0n, Uint8Array.of(1))

  expect(results).toEqual([MemTx.ok, MemTx.accessError])
})

test('an access inside of one that came in while the region was read-only is guarded as long as it lasts (SP-7)', () => {
  const { space, device, registers } = scene((ops) => mmio('other', 0x1000n, ops))
  const results: number[] = []
  let depth = 0
  device.fail = () => {
    registers.setReadonly(false)
    if (depth++ > 0) results.push(space.write(0n, Uint8Array.of(1)))
    else for (let i = 0; i < 2; i++) results.push(space.write(0n, Uint8Array.of(1)))
    return 0
  }
  registers.setReadonly(true)

  space.write(0n, Uint8Array.of(1))

  expect(results).toEqual([MemTx.accessError, MemTx.ok, MemTx.accessError, MemTx.ok])
})

test('a callback that throws leaves its device usable (SP-7)', () => {
  const { space, device } = scene((ops) => mmio('other', 0x1000n, ops))
  device.fail = () => {
    throw new Error('broken')
  }
  expect(() => space.write(0n, Uint8Array.of(1))).toThrow('broken')
  device.fail = () => 0

  expect(space.write(0n, Uint8Array.of(1))).toBe(MemTx.ok)
})

test('all parts of a split access are one (SP-7)', () => {
  const device = new RecordingDevice({ impl: { max: 1 } })
  const root = container('root')
  root.add(mmio('regs', 0x1000n, device).ownedBy({ name: 'card' }), 0n)
  const space = new MemorySystem('machine').createSpace('memory', root)

  const result = space.write(0n, Uint8Array.of(1, 2, 3, 4))

  expect([result, device.log.length]).toEqual([MemTx.ok, 4])
})
