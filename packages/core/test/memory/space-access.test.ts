// Long because each way of accessing a space has its rules here (sections 2.1 to 2.5).
import { describe, expect, test } from 'vitest'
import {
  type AddressSpace,
  container,
  IommuRegion,
  type MemoryRegion,
  MemorySystem,
  MemTx,
  type MemTxAttrs,
  mmio,
  NO_ATTRS,
  Permission,
  type PermissionBits,
  ram,
  ramDevice,
  reserved,
  rom,
  romDevice,
  type Translation,
} from '../../src/memory/index.ts'
import { RecordingDevice } from './recording-device.ts'

function space(endianness: 'little' | 'big' = 'little') {
  const root = container('root')
  const system = new MemorySystem('machine', { endianness })
  return { root, system, memory: system.createSpace('memory', root) }
}

function bytes(...values: number[]): Uint8Array {
  return Uint8Array.from(values)
}

function filled<R extends MemoryRegion & { memory: { write(at: bigint, from: Uint8Array): boolean } }>(region: R): R {
  region.memory.write(
    0n,
    Uint8Array.from({ length: Math.min(Number(region.size), 0x2000) }, (_, i) => i + 1),
  )
  return region
}

describe('loads and stores', () => {
  test('have the order that they ask for, native that of the machine (EN-1)', () => {
    const { root, memory } = space('big')
    root.add(filled(ram('ram', 0x1000n)), 0n)

    const values = (['little', 'big', 'native'] as const).map((order) => [
      memory.load16(0n, order),
      memory.load32(0n, order),
      memory.load64(0n, order),
    ])

    expect(values).toEqual([
      [0x0201, 0x04030201, 0x0807060504030201n],
      [0x0102, 0x01020304, 0x0102030405060708n],
      [0x0102, 0x01020304, 0x0102030405060708n],
    ])
  })

  test.each([
    { device: 'little', machine: 'big', bus: [4, 3, 2, 1] },
    { device: 'big', machine: 'little', bus: [1, 2, 3, 4] },
    { device: 'native', machine: 'big', bus: [1, 2, 3, 4] },
    { device: 'native', machine: 'little', bus: [4, 3, 2, 1] },
  ] as const)(
    'swap where their order is not that of a $device device of a $machine machine (EN-2, EN-3)',
    ({ device: endianness, machine, bus }) => {
      const { root, memory } = space(machine)
      const stored: number[] = []
      root.add(
        mmio('device', 0x10n, { endianness, read: () => 0x01020304, write: (_, value) => void stored.push(value) }),
        0n,
      )
      const into = bytes(0, 0, 0, 0)
      const order = bus[0] === 1 ? 'big' : 'little'
      const other = bus[0] === 1 ? 'little' : 'big'

      memory.read(0n, into)
      const loaded = [memory.load32(0n, order), memory.load32(0n, other)]
      memory.store32(0n, 0x01020304, order)
      memory.store32(0n, 0x01020304, other)
      memory.write(0n, into)

      expect([...into]).toEqual(bus)
      expect(loaded).toEqual([0x01020304, 0x04030201])
      expect(stored).toEqual([0x01020304, 0x04030201, 0x01020304])
    },
  )

  test('never split: at the end of RAM they are refused, at the end of registers they go there whole (EN-4, LK-2)', () => {
    const { root, memory } = space()
    const device = new RecordingDevice()
    root.add(filled(ram('a', 0x1000n)), 0n)
    root.add(filled(ram('b', 0x1000n)), 0x1000n)
    root.add(mmio('device', 0x1000n, device), 0x2000n)
    root.add(filled(ram('c', 0x1000n)), 0x3000n)

    const straddling = [memory.load32(0xffen), memory.loadResult, memory.store32(0xffen, 1)]
    memory.load32(0x2ffcn)
    const last = [memory.load8(0x2fffn), memory.loadResult]

    expect(straddling).toEqual([0, MemTx.decodeError, MemTx.decodeError])
    expect(memory.load16(0xffen)).toBe(0x00ff)
    expect(last).toEqual([0, MemTx.ok])
    expect(device.log).toEqual(['read ffc 4', 'read fff 1'])
  })

  test('of 8 bytes reach a device in parts where it takes 4, and are refused where it says so (EN-4, SP-2)', () => {
    const { root, memory } = space()
    const any = new RecordingDevice()
    const words = new RecordingDevice({ valid: { min: 4, max: 4 } })
    root.add(mmio('any', 0x10n, any), 0n)
    root.add(mmio('words', 0x10n, words), 0x10n)

    const results = [memory.store64(0n, 0x0807060504030201n), memory.store64(0x10n, 1n)]

    expect(results).toEqual([MemTx.ok, MemTx.decodeError])
    expect(any.log).toEqual(['write 0 4 4030201', 'write 4 4 8070605'])
    expect(words.log).toEqual([])
  })

  test('keep the 32 bits of a number whatever a device answers', () => {
    const { root, memory } = space()
    root.add(mmio('device', 0x10n, { read: () => -1, write: () => undefined }), 0n)

    expect([memory.load32(0n), memory.load16(0n), memory.load8(0n)]).toEqual([0xffff_ffff, 0xffff, 0xff])
  })

  test('meet nothing where nothing is, and where a place is reserved (LK-1, VA-4)', () => {
    const { root, memory } = space()
    root.add(reserved('taken', 0x1000n), 0x1000n)

    const results = [0n, 0x1000n].map((at) => [memory.load32(at), memory.loadResult, memory.store8(at, 1)])

    expect(results).toEqual(Array(2).fill([0, MemTx.decodeError, MemTx.decodeError]))
  })

  test('end with the memory of a ROM device: behind it a load finds zeros, and a debug store changes nothing', () => {
    const { root, memory } = space()
    root.add(filled(romDevice('flash', 0x1000n, new RecordingDevice())), 0n)
    root.add(filled(ram('ram', 0x1000n)), 0x1000n)

    const loaded = [memory.load32(0xffen), memory.loadResult, memory.load64(0xffcn), memory.loadResult]
    const stored = memory.store32(0xffen, 0x0a0b0c0d, 'little', { debug: true })

    expect(loaded).toEqual([0x00ff, MemTx.ok, 0x00fffefdn, MemTx.ok])
    expect([stored, memory.load16(0xffen), memory.load16(0x1000n)]).toEqual([MemTx.ok, 0x0c0d, 0x0201])
  })

  test('go to registers where memory is wanted too: only transfers are denied there (RW-5)', () => {
    const { root, memory } = space()
    const device = new RecordingDevice()
    root.add(mmio('device', 0x1000n, device), 0n)
    const wanted = { memory: true }

    const results = [
      memory.load32(0n, 'little', wanted),
      memory.loadResult,
      memory.store16(4n, 1, 'little', wanted),
      memory.load64(8n, 'little', wanted),
      memory.read(0n, bytes(0, 0, 0, 0), wanted),
    ]

    expect(results).toEqual([0, MemTx.ok, MemTx.ok, 0n, MemTx.accessError])
    expect(device.log).toEqual(['read 0 4', 'write 4 2 1', 'read 8 4', 'read c 4'])
  })

  test('begin at the last address of the space (LK-4)', () => {
    const { root, memory } = space()
    const region = ram('ram', 2n ** 64n)
    root.add(region, 0n)
    const end = 2n ** 64n

    const results = [
      memory.store64(end - 8n, 0x1122334455667788n),
      memory.store8(end - 1n, 9),
      memory.store16(end - 1n, 1),
    ]

    expect(results).toEqual([MemTx.ok, MemTx.ok, MemTx.decodeError])
    expect(memory.load64(end - 8n)).toBe(0x0922334455667788n)
  })
})

describe('results of callbacks', () => {
  test('a callback that says nothing has succeeded, and what it says is the result (SP-6)', () => {
    const { root, memory } = space()
    let say: number | undefined
    root.add(
      mmio('device', 0x10n, {
        read(_offset, _size, access) {
          if (say !== undefined) access.result = say
          return 1
        },
        write: () => say,
      }),
      0n,
    )
    const each = () => [memory.read(0n, bytes(0)), memory.write(0n, bytes(0)), memory.load8(0n), memory.loadResult]

    const silent = each()
    say = MemTx.error

    expect(silent).toEqual([MemTx.ok, MemTx.ok, 1, MemTx.ok])
    expect(each()).toEqual([MemTx.error, MemTx.error, 1, MemTx.error])
  })

  test('impl.unaligned does not split an access, it only lets pieces be longer (SP-5)', () => {
    const { root, memory } = space()
    const device = new RecordingDevice({ valid: { unaligned: true, max: 4 }, impl: { unaligned: false } })
    root.add(mmio('device', 0x10n, device), 0n)

    memory.load32(1n)
    memory.read(1n, new Uint8Array(4))

    expect(device.log).toEqual(['read 1 4', 'read 1 1', 'read 2 2', 'read 4 1'])
  })

  test('what a callback throws goes to whoever made the access, and the next access is as ever', () => {
    const { root, memory, system } = space()
    let fail = true
    const mistake = () => {
      if (fail) throw new Error('a mistake of the device')
      return 3
    }
    const translate = (frame: number, _access: PermissionBits, out: Translation) => {
      Object.assign(out, { permission: 3, frame: frame + mistake() - 3, shift: 12, target: memory })
    }
    root.add(mmio('device', 0x10000n, { read: mistake, write: () => void mistake() }), 0n)
    const dma = system.createSpace('dma', new IommuRegion('window', 2n ** 30n, { translate }))
    const ways = [
      () => memory.load32(0n),
      () => memory.read(0n, new Uint8Array(8)),
      () => memory.store8(0n, 1),
      () => memory.write(0n, bytes(1)),
      () => memory.fill(0n, 1, 4),
      () => dma.load64(0n),
      () => dma.read(0n, bytes(0)),
    ]

    // More often than accesses can nest.
    for (let round = 0; round < 20; round++) for (const way of ways) expect(way).toThrow('a mistake of the device')
    fail = false

    expect([memory.load32(0n), memory.loadResult]).toEqual([3, MemTx.ok])
    expect(dma.read(0n, bytes(0))).toBe(MemTx.ok)
  })
})

describe('accesses in callbacks', () => {
  /** A device whose reads read it again, as deep as that goes; `innermost` is done at the end. */
  function nesting(innermost: (memory: AddressSpace) => unknown[]) {
    const { root, memory } = space()
    const results: unknown[] = []
    let depth = 0
    const read = () => {
      depth++
      const value = memory.load32(0n)
      if (memory.loadResult === MemTx.accessError && results.length === 0) results.push(...innermost(memory))
      return value
    }
    root.add(mmio('device', 0x1000n, { read, write: () => undefined }), 0n)
    root.add(filled(ram('ram', 0x100000n)), 0x100000n)
    return { memory, results, depth: () => depth }
  }

  function each(memory: AddressSpace): unknown[] {
    const pair = new Uint32Array(2)
    return [
      [memory.load8(0x100001n), memory.loadResult],
      [memory.load64(0x100000n), memory.loadResult],
      [memory.loadWords(0x100000n, pair), pair[0]],
      memory.read(0x100000n, bytes(0, 0)),
      memory.write(0x100010n, bytes(1)),
      memory.store64(0x100018n, 2n),
    ]
  }

  test('are denied in 64 others, also those to memory that nobody has looked at', () => {
    const { memory, results, depth } = nesting(each)

    memory.load32(0n)

    const { accessError } = MemTx
    expect(depth()).toBe(64)
    expect(results).toEqual([[0, accessError], [0n, accessError], [accessError, 0], ...Array(3).fill(accessError)])
  })

  test('are not denied there to memory in a large range that was found before: they call nobody', () => {
    const { memory, results } = nesting(each)
    memory.load32(0x100000n)

    memory.load32(0n)

    const { ok } = MemTx
    expect(results).toEqual([[2, ok], [0x0807060504030201n, ok], [ok, 0x04030201], ok, ok, ok])
    expect([memory.load8(0x100010n), memory.load8(0x100018n)]).toEqual([1, 2])
  })
})

describe('attributes', () => {
  test('reach callbacks and translators as they are, and say nothing unless given (TE-9)', () => {
    const { root, memory, system } = space()
    const seen: MemTxAttrs[] = []
    const indexes: number[] = []
    root.add(
      mmio('device', 0x1000n, { read: (_o, _s, { attrs }) => Number(seen.push(attrs)), write: () => undefined }),
      0n,
    )
    const translator = {
      indexes: 2,
      attrsToIndex: (attrs: MemTxAttrs) => (attrs.secure === true ? 1 : 0),
      translate(_frame: number, _access: PermissionBits, out: Translation, index: number) {
        indexes.push(index)
        Object.assign(out, { permission: 3, frame: 0, target: memory })
      },
    }
    const dma = system.createSpace('dma', new IommuRegion('window', 2n ** 30n, translator))
    const attrs: MemTxAttrs = { requester: 0x100, pid: 7, secure: true, space: 2, user: true, translated: true }

    dma.load32(0n)
    dma.load64(0n, 'little', attrs)
    dma.read(0n, bytes(0), attrs)

    expect(new Set(seen)).toEqual(new Set([NO_ATTRS, attrs]))
    expect(indexes).toEqual([0, 1, 1])
    expect(NO_ATTRS.unspecified).toBe(true)
  })

  test('an access that wants memory is denied by everything else, at once where that is first (RW-5)', () => {
    const { root, memory } = space()
    const device = new RecordingDevice()
    root.add(filled(ram('ram', 0x1000n)), 0n)
    root.add(mmio('device', 0x1000n, device), 0x1000n)
    root.add(filled(romDevice('flash', 0x1000n, device)), 0x2000n)
    root.add(filled(ram('behind', 0x1000n)), 0x3000n)
    const attrs = { memory: true }
    const into = new Uint8Array(8).fill(0xee)

    const later = [memory.read(0xffcn, into, attrs), memory.write(0xffcn, new Uint8Array(8), attrs)]
    const first = [0x1000n, 0x2000n].map((at) => [
      memory.read(at, new Uint8Array(0x2000), attrs),
      memory.write(at, new Uint8Array(0x2000), attrs),
      memory.read(at, bytes(1), attrs),
    ])

    expect(later).toEqual([MemTx.accessError, MemTx.accessError])
    expect([...into]).toEqual([0xfd, 0xfe, 0xff, 0, 0, 0, 0, 0])
    expect(first.flat()).toEqual(Array(6).fill(MemTx.accessError))
    expect(memory.load32(0x3000n)).toBe(0x04030201)
    expect(device.log).toEqual([])
  })

  test('an access that wants memory ends where its first page behind an IOMMU leads to registers (RW-5)', () => {
    const { root, memory, system } = space()
    root.add(mmio('device', 0x1000n, new RecordingDevice()), 0n)
    root.add(filled(ram('ram', 0x1000n)), 0x1000n)
    const translate = (frame: number, _access: PermissionBits, out: Translation) => {
      Object.assign(out, { permission: 3, frame, shift: 12, target: memory })
    }
    const dma = system.createSpace('dma', new IommuRegion('window', 2n ** 30n, { translate }))
    const into = new Uint8Array(0x2000).fill(0xee)

    const results = [dma.write(0n, into, { memory: true }), dma.read(0n, into, { memory: true })]

    expect(results).toEqual([MemTx.accessError, MemTx.accessError])
    expect(into).toEqual(new Uint8Array(0x2000))
    expect(memory.load32(0x1000n)).toBe(0x04030201)
  })

  test('a debug write changes ROM, and a ROM device in ROM mode; no other write does (MR-4)', () => {
    const { root, memory } = space()
    const device = new RecordingDevice()
    const flash = romDevice('flash', 0x1000n, device)
    root.add(rom('rom', 0x1000n), 0n)
    root.add(flash, 0x1000n)
    const debug = { debug: true }

    const results = [
      memory.write(0n, bytes(5), debug),
      memory.store8(1n, 6, debug),
      memory.write(0x1000n, bytes(7), debug),
    ]
    memory.store16(0x1002n, 0x0908, 'little', debug)
    flash.setRomMode(false)
    memory.write(0x1000n, bytes(1), debug)

    expect(results).toEqual([MemTx.ok, MemTx.ok, MemTx.ok])
    expect(memory.load16(0n)).toBe(0x0605)
    expect(device.log).toEqual(['write 0 1 1'])
    flash.setRomMode(true)
    expect(memory.load32(0x1000n)).toBe(0x09080007)
    expect(memory.store8(0n, 1)).toBe(MemTx.decodeError)
  })
})

test('memory that was never written reads 0 behind an IOMMU too, and can be written there (TE-4)', () => {
  const { root, memory, system } = space()
  root.add(ram('ram', 0x100000n), 0n)
  const translate = (frame: number, _access: PermissionBits, out: Translation) => {
    Object.assign(out, { permission: 3, frame, shift: 12, target: memory })
  }
  const dma = system.createSpace('dma', new IommuRegion('window', 2n ** 30n, { translate }))

  for (let round = 0; round < 2; round++) expect([dma.load64(0n), memory.load64(0n)]).toEqual([0n, 0n])
  const results = [dma.store64(0x10n, 5n), dma.store64(0x20000n, 6n)]

  expect(results).toEqual([MemTx.ok, MemTx.ok])
  expect([memory.load64(0x10n), memory.load64(0x20000n), dma.load64(0n)]).toEqual([5n, 6n, 0n])
})

test('is direct where memory answers without a callback (MR-4)', () => {
  const { root, memory } = space()
  const kinds = [
    ram('ram', 0x1000n),
    rom('rom', 0x1000n),
    romDevice('flash', 0x1000n, new RecordingDevice()),
    ramDevice('bar', 0x1000n),
    mmio('device', 0x1000n, new RecordingDevice()),
  ]
  for (const [page, region] of kinds.entries()) root.add(region, BigInt(page) * 0x1000n)
  const ask = (access: PermissionBits, attrs?: MemTxAttrs) =>
    [...kinds, undefined].map((_, page) => memory.isDirect(BigInt(page) * 0x1000n, access, attrs))

  expect(ask(Permission.read)).toEqual([true, true, true, false, false, false])
  expect(ask(Permission.write)).toEqual([true, false, false, false, false, false])
  expect(ask(Permission.write, { debug: true })).toEqual([true, true, true, false, false, false])
})

describe('fill', () => {
  test('writes one byte again and again, in transfers of 512 bytes, and tells every failure (RW-9)', () => {
    const { root, memory } = space()
    const device = new RecordingDevice()
    root.add(ram('ram', 0x1000n), 0n)
    root.add(mmio('device', 8n, device), 0x1100n)

    const result = memory.fill(0xf03n, 0x5a, 0x304)

    expect(result).toBe(MemTx.decodeError)
    expect(memory.load32(0xf01n)).toBe(0x5a5a0000)
    expect(memory.load8(0xfffn)).toBe(0x5a)
    // The first transfer ends at 0x1103.
    expect(device.log).toEqual(['write 0 2 5a5a', 'write 2 1 5a', 'write 3 1 5a', 'write 4 4 5a5a5a5a'])
    expect(memory.fill(0n, 1, 0)).toBe(MemTx.ok)
  })
})

describe('a loader', () => {
  test('writes RAM, ROM and ROM devices in ROM mode, and leaves everything else out (RW-7)', () => {
    const { root, memory } = space()
    const device = new RecordingDevice()
    const marked: number[][] = []
    const read = rom('rom', 4n)
    read.writeMarks = { mark: (...place) => marked.push(place) }
    root.add(ram('ram', 4n), 0n)
    root.add(read, 4n)
    root.add(romDevice('flash', 4n, device), 8n)
    root.add(mmio('device', 4n, device), 12n)
    root.add(ram('behind', 4n), 20n)

    memory.writeRom(
      0n,
      Uint8Array.from({ length: 24 }, (_, i) => i + 1),
    )

    const into = new Uint8Array(24)
    memory.read(0n, into)
    expect([...into]).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, ...Array(8).fill(0), 21, 22, 23, 24])
    expect(device.log).toEqual(['read 0 4'])
    expect(marked).toEqual([[0, 0, 4]])
  })
})

test('a transfer ends exactly with the space, at 2^64 (LK-4)', () => {
  const { root, memory } = space()
  root.add(ram('ram', 0x2000n), 2n ** 64n - 0x2000n)
  const data = Uint8Array.from({ length: 0x1800 }, (_, i) => i % 251)

  const results = [memory.write(2n ** 64n - 0x1800n, data), memory.read(2n ** 64n - 0x1800n, new Uint8Array(0x1800))]

  const into = new Uint8Array(0x1800)
  memory.read(2n ** 64n - 0x1800n, into)
  expect(results).toEqual([MemTx.ok, MemTx.ok])
  expect(into).toEqual(data)
})

describe('the marks of writes (DL-4)', () => {
  test('name the place in the region, also of single stores and of those through an IOMMU', () => {
    const { root, memory, system } = space()
    const region = ram('ram', 0x100000n)
    const marked: number[][] = []
    region.memory.write(0x12000n, bytes(1))
    root.add(region, 0x40000n)
    const translate = (frame: number, _access: PermissionBits, out: Translation) => {
      Object.assign(out, { permission: 3, frame: frame + 0x52, shift: 12, target: memory })
    }
    const dma = system.createSpace('dma', new IommuRegion('window', 2n ** 30n, { translate }))
    memory.load64(0x52000n)
    region.writeMarks = { mark: (...place) => marked.push(place) }

    memory.store64(0x52008n, 1n)
    dma.store64(0x10n, 2n)
    dma.store64(0x10n, 3n)
    memory.store16(0x52101n, 4)

    expect(marked).toEqual([
      [0x12, 8, 8],
      [0x12, 0x10, 8],
      [0x12, 0x10, 8],
      [0x12, 0x101, 2],
    ])
  })

  test('a store to a large ROM is refused at every place', () => {
    const { root, memory } = space()
    const region = ram('ram', 0x100000n)
    region.memory.write(0n, new Uint8Array(0x1000))
    root.add(region, 0n)
    memory.load64(0n)
    region.setReadonly(true)

    const results = [memory.store64(0n, 1n), memory.load64(0n), memory.store64(8n, 1n)]

    expect(results).toEqual([MemTx.decodeError, 0n, MemTx.decodeError])
  })
})
