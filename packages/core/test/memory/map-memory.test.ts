import { fc, test as property } from '@fast-check/vitest'
import { describe, expect, test, vi } from 'vitest'
import {
  type AddressSpace,
  alias,
  container,
  IommuRegion,
  letGo,
  type MemoryMapping,
  MemorySystem,
  mmio,
  ram,
  ramDevice,
  rom,
  romDevice,
} from '../../src/memory/index.ts'
import { PagedTranslator } from './paged-translator.ts'
import { RecordingDevice } from './recording-device.ts'

function machine() {
  const root = container('root')
  const system = new MemorySystem('machine')
  return { system, root, space: system.createSpace('memory', root) }
}

function map(space: AddressSpace, address: bigint, length: number, write = false): MemoryMapping {
  const mapping = space.map(address, length, { write })
  if (mapping === undefined) throw new Error('nothing was mapped')
  return mapping
}

function bytes(mapping: MemoryMapping, length = mapping.length): number[] {
  const into = new Uint8Array(length)
  mapping.read(0, into)
  return [...into]
}

describe('mapping memory', () => {
  test('of no bytes gives nothing (BB-1)', () => {
    const { root, space } = machine()
    root.add(ram('ram', 0x1000n), 0n)

    expect(space.map(0n, 0)).toBeUndefined()
  })

  test('gives the bytes themselves (BB-1)', () => {
    const { root, space } = machine()
    root.add(ram('ram', 0x1000n), 0x4000n)

    const mapping = map(space, 0x4010n, 8, true)
    space.write(0x4010n, Uint8Array.of(1, 2))
    mapping.write(1, Uint8Array.of(9))
    const into = new Uint8Array(2)
    space.read(0x4010n, into)

    expect([mapping.direct, mapping.length, space.bounce.used]).toEqual([true, 8, 0])
    expect([...into]).toEqual([1, 9])
    expect(bytes(mapping)).toEqual([1, 9, 0, 0, 0, 0, 0, 0])
  })

  test('goes on over pieces that show the same region at the offset that follows, and no further (BB-1)', () => {
    const { root, space } = machine()
    const region = ram('ram', 0x4000n)
    for (const [at, offset] of [
      [0n, 0n],
      [0x1000n, 0x1000n],
      [0x2000n, 0x3000n],
    ] as const) {
      root.add(alias('part', region, { offset, size: 0x1000n }), at)
    }
    // Read-only makes a section of its own, of the same region.
    root.children.find(({ address }) => address === 0x1000n)?.setReadonly(true)

    expect(space.flatView.ranges).toHaveLength(3)
    expect(map(space, 0x800n, 0x3000).length).toBe(0x1800)
  })

  test('ends where another region begins, though it is the same memory that goes on (BB-1)', () => {
    const { root, space } = machine()
    root.add(ram('a', 0x1000n), 0n)
    root.add(ram('b', 0x1000n), 0x1000n)

    expect(map(space, 0xffcn, 100).length).toBe(4)
  })

  test('goes on to the end of the space (BB-1)', () => {
    const { root, space } = machine()
    root.add(ram('top', 0x1000n), 2n ** 64n - 0x1000n)
    root.add(ram('bottom', 0x1000n), 0n)

    expect(map(space, 2n ** 64n - 4n, 100).length).toBe(4)
  })

  test('a ROM device in ROM mode is memory to be read, to the end of its bytes and past its section (BB-1)', () => {
    const { root, space } = machine()
    const flash = romDevice('flash', 0x2000n, new RecordingDevice())
    root.add(alias('window', flash, { size: 0x1000n }), 0n)

    const lengths = [map(space, 0xff0n, 0x8000).length, map(space, 0n, 4, true).direct]

    expect(lengths).toEqual([0x1010, false])
  })

  test('ROM is memory to be read and none to be written (BB-1, BB-3)', () => {
    const { root, space } = machine()
    root.add(rom('rom', 0x1000n), 0n)

    expect([map(space, 0n, 4).direct, map(space, 0n, 4, true).direct]).toEqual([true, false])
  })

  test('a read-only alias of writable memory is mapped to be written, as an access would write it (BB-1, MR-12)', () => {
    const { root, space } = machine()
    const shown = alias('shown', ram('ram', 0x1000n))
    shown.setReadonly(true)
    root.add(shown, 0n)

    expect(map(space, 0n, 4, true).direct).toBe(true)
  })
})

describe('mapping through an IOMMU', () => {
  function translated() {
    const { system, root, space } = machine()
    root.add(ram('ram', 0x10000n), 0n)
    const translator = new PagedTranslator()
    const device = container('device')
    device.add(new IommuRegion('iommu', 0x10000n, translator), 0n)
    return { space, translator, dma: system.createSpace('dma', device) }
  }

  test('goes on page by page while the pages lie side by side (BB-2)', () => {
    const { space, translator, dma } = translated()
    translator.map(0, 3, space).map(1, 4, space).map(2, 6, space)

    expect(map(dma, 0x800n, 0x4000).length).toBe(0x1800)
  })

  test('ends at a page that does not permit it (BB-2)', () => {
    const { space, translator, dma } = translated()
    translator.map(0, 3, space).map(1, 4, space, 1)

    expect([map(dma, 0n, 0x2000).length, map(dma, 0n, 0x2000, true).length]).toEqual([0x2000, 0x1000])
  })

  test('is not revoked by an unmap (BB-2)', () => {
    const { space, translator, dma } = translated()
    translator.map(0, 3, space)
    const mapping = map(dma, 0n, 4, true)
    translator.unmap(0)

    mapping.write(0, Uint8Array.of(7))

    const into = new Uint8Array(1)
    space.read(0x3000n, into)
    expect(into[0]).toBe(7)
  })

  test('that it does not let through gives a buffer (BB-3)', () => {
    const { dma } = translated()

    const mapping = map(dma, 0n, 0x2000)

    expect([mapping.direct, mapping.length]).toEqual([false, 4096])
  })
})

describe('a buffer', () => {
  test.each<[string, (ops: RecordingDevice) => Parameters<ReturnType<typeof container>['add']>[0]]>([
    ['registers', (ops) => mmio('regs', 0x10000n, ops)],
    ['a RAM device', () => ramDevice('bar', 0x10000n)],
    ['ROM to be written', () => rom('rom', 0x10000n)],
    ['nothing', () => container('hole', 1n)],
  ])('stands for %s, up to the limit (BB-3)', (_, make) => {
    const { root, space } = machine()
    root.add(make(new RecordingDevice()), 0n)

    const first = map(space, 0n, 3000, true)
    const second = map(space, 0n, 3000, true)
    const third = space.map(0n, 1, { write: true })

    expect([first.direct, first.length, second.length, third]).toEqual([false, 3000, 1096, undefined])
    expect(space.bounce.used).toBe(4096)
  })

  test('ends where a translation does, and reaches over the end of a section (BB-3)', () => {
    const { system, root, space } = machine()
    root.add(mmio('regs', 0x10n, new RecordingDevice()), 0x1000n)
    const translator = new PagedTranslator().map(0, 1, space)
    const device = container('device')
    device.add(new IommuRegion('iommu', 0x10000n, translator), 0n)
    const dma = system.createSpace('dma', device)

    expect([map(dma, 0x8n, 0x1800).length, map(space, 0x1008n, 0x100).length]).toEqual([0xff8, 0x100])
  })

  test('to be read is filled when it is mapped; what fails reads 0, and nobody hears of it (BB-4)', () => {
    const { root, space } = machine()
    const device = new RecordingDevice()
    device.answer = () => 0x11223344n
    root.add(mmio('regs', 4n, device), 0n)

    const mapping = map(space, 0n, 8)
    device.answer = () => 0n

    expect(bytes(mapping)).toEqual([0x44, 0x33, 0x22, 0x11, 0, 0, 0, 0])
    expect(device.take()).toEqual(['read 0 4'])
  })

  test('to be written is written back when it is unmapped, so many bytes as were used (BB-4, BB-5)', () => {
    const { root, space } = machine()
    const device = new RecordingDevice()
    root.add(mmio('regs', 0x10n, device), 0n)
    const mapping = map(space, 0n, 8, true)
    mapping.write(0, Uint8Array.of(1, 2, 3, 4, 5, 6, 7, 8))
    const before = device.take()

    space.unmap(mapping, 4)

    expect([before, device.take()]).toEqual([[], ['write 0 4 4030201']])
  })

  test('of which nothing was used is not written back, and all of it is free again (BB-5)', () => {
    const { root, space } = machine()
    const device = new RecordingDevice()
    root.add(mmio('regs', 0x10n, device), 0n)

    space.unmap(map(space, 0n, 8, true), 0)

    expect([device.take(), space.bounce.used]).toEqual([[], 0])
  })

  test('is written back to what is at the address then (BB-5)', () => {
    const { root, space } = machine()
    const mapping = map(space, 0n, 4, true)
    mapping.write(0, Uint8Array.of(1, 2, 3, 4))
    const region = ram('late', 0x1000n)
    root.add(region, 0n)

    mapping.unmap()

    const into = new Uint8Array(4)
    region.memory.read(0n, into)
    expect([...into]).toEqual([1, 2, 3, 4])
  })

  test('is given back, and clients are called, after it was written back (BB-5)', () => {
    const { root, space } = machine()
    const device = new RecordingDevice()
    root.add(mmio('regs', 0x1000n, device), 0n)
    space.bounce.limit = 4
    const mapping = map(space, 0n, 4, true)
    space.bounce.register(() => device.log.push(`free ${space.bounce.used}`))

    mapping.unmap(1)

    expect(device.take()).toEqual(['write 0 1 0', 'free 0'])
  })

  test('is given back even if a callback throws', () => {
    const { root, space } = machine()
    const device = new RecordingDevice()
    device.fail = () => {
      throw new Error('broken')
    }
    root.add(mmio('regs', 0x1000n, device), 0n)

    expect(() => space.map(0n, 4)).toThrow('broken')
    expect(() => map(space, 0n, 4, true).unmap()).toThrow('broken')
    expect(space.bounce.used).toBe(0)
  })

  test('has a limit of its own in every space (BB-8)', () => {
    const { system, space } = machine()
    const other = system.createSpace('bus master', container('empty'))
    map(space, 0n, 4096)

    const lengths = [space.map(0n, 1), map(other, 0n, 8000).length]
    other.bounce.limit = 5000

    expect([lengths, map(other, 0n, 8000).length]).toEqual([[undefined, 4096], 904])
  })
})

describe('unmapping', () => {
  test('makes dirty what was used of memory that was mapped to be written (BB-5)', () => {
    const { root, space } = machine()
    const region = ram('ram', 0x4000n)
    const mark = vi.fn()
    region.writeMarks = { mark }
    root.add(alias('part', region, { offset: 0xff0n }), 0n)

    for (const write of [true, false]) space.unmap(map(space, 0x8n, 0x1000, write), 0x20)
    space.unmap(map(space, 0x8n, 0x1000, true), 0)

    expect(mark.mock.calls).toEqual([[0, 0xff8, 0x20]])
  })

  test('lets go of the owner, which stays until then though it was unplugged (BB-5, MR-14)', () => {
    const { root, space } = machine()
    const owner = { name: 'card', onFinalize: vi.fn() }
    const region = ram('vram', 0x1000n).ownedBy(owner)
    root.add(region, 0n)
    const mapping = map(space, 0n, 4, true)

    root.remove(region)
    letGo(owner)
    mapping.write(0, Uint8Array.of(5))
    const seen = [bytes(mapping)[0], owner.onFinalize.mock.calls.length]
    mapping.unmap()

    expect([seen, owner.onFinalize.mock.calls.length]).toEqual([[5, 0], 1])
  })

  test('what is not mapped throws, naming the space (BB-7)', () => {
    const { system, space } = machine()
    const other = system.createSpace('other', container('empty'))
    const mapping = map(space, 0x1000n, 4)

    expect(() => other.unmap(mapping)).toThrow(
      "the mapping at 0x1000 cannot be unmapped from 'other': it is a mapping of 'memory'",
    )
    space.unmap(mapping)
    expect(() => space.unmap(mapping)).toThrow('it has been unmapped already')
    expect(space.bounce.used).toBe(0)
  })

  test('more than was mapped throws, and it stays mapped (BB-7)', () => {
    const { space } = machine()
    const mapping = map(space, 0n, 4)

    expect(() => mapping.unmap(5)).toThrow('has 4 bytes: 5 at 0 are not in it')
    expect([mapping.mapped, space.bounce.used]).toEqual([true, 4])
  })
})

test('a space with bounce buffers or clients cannot be destroyed (LR-6)', () => {
  const { system, space } = machine()
  const mapping = map(space, 0n, 4096)
  const client = () => undefined
  space.bounce.register(client)

  expect(() => system.destroySpace(space)).toThrow(
    "'memory' cannot be destroyed: mappings hold 4096 bytes of its bounce buffers and 1 clients wait for some",
  )
  mapping.unmap()
  system.destroySpace(space)
  expect(system.spaces).toEqual([])
})

const step = fc.oneof(
  fc.record({ op: fc.constant('map' as const), at: fc.nat(0x3fff), length: fc.nat(0x1800), write: fc.boolean() }),
  fc.record({ op: fc.constant('unmap' as const), which: fc.nat(4), used: fc.nat(0x1800) }),
  fc.record({ op: fc.constant('write' as const), which: fc.nat(4), offset: fc.nat(0x1800), value: fc.nat(255) }),
)

property.prop([fc.array(step, { maxLength: 30 })], { numRuns: 100 })(
  'mappings read, write and cost what a naive account of them says (BB-1 to BB-5)',
  (steps) => {
    const { root, space } = machine()
    // Memory at 0x1000 to 0x2fff, in two sections of one region; everything else is nothing.
    const region = ram('ram', 0x2000n)
    root.add(alias('low', region, { size: 0x1000n }), 0x1000n)
    const high = alias('high', region, { offset: 0x1000n })
    high.setReadonly(true)
    root.add(high, 0x2000n)
    const isRam = (address: number) => address >= 0x1000 && address < 0x3000
    const expected = new Uint8Array(0x2000)
    const live: { mapping: MemoryMapping; at: number; buffer: Uint8Array | undefined }[] = []
    let used = 0

    for (const step of steps) {
      const which = live[step.op === 'map' ? -1 : step.which]
      if (step.op === 'map') {
        const { at, length, write } = step
        const room = 4096 - used
        const direct = isRam(at)
        const most = direct ? Math.min(length, 0x3000 - at) : Math.min(length, room)
        const mapping = space.map(BigInt(at), length, { write })
        expect(mapping?.length ?? 0).toBe(most)
        if (mapping === undefined) continue
        expect(mapping.direct).toBe(direct)
        let buffer: Uint8Array | undefined
        if (!direct) {
          used += most
          // A transfer's last single access in a hole may reach over the beginning of memory, so the content is not modelled there.
          buffer = write ? new Uint8Array(most) : undefined
        }
        live.push({ mapping, at, buffer })
      } else if (which === undefined) {
        continue
      } else if (step.op === 'write') {
        const { mapping, at, buffer } = which
        if (!mapping.writable || step.offset >= mapping.length) continue
        mapping.write(step.offset, Uint8Array.of(step.value))
        if (buffer !== undefined) buffer[step.offset] = step.value
        else expected[at + step.offset - 0x1000] = step.value
      } else {
        const { mapping, buffer } = which
        const accessed = Math.min(step.used, mapping.length)
        // Not across the beginning of memory, as above.
        if (buffer !== undefined && which.at < 0x1000 && which.at + accessed > 0x1000) continue
        live.splice(step.which, 1)
        mapping.unmap(accessed)
        if (!mapping.direct) used -= mapping.length
      }

      expect(space.bounce.used).toBe(used)
      const into = new Uint8Array(0x2000)
      space.read(0x1000n, into)
      expect(into).toEqual(expected)
      for (const { mapping, at, buffer } of live) {
        const content = new Uint8Array(mapping.length)
        mapping.read(0, content)
        if (mapping.direct) expect(content).toEqual(expected.slice(at - 0x1000, at - 0x1000 + mapping.length))
        else if (buffer !== undefined) expect(content).toEqual(buffer)
      }
    }
  },
)
