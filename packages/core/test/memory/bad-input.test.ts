import { describe, expect, test } from 'vitest'
import type { HostbridgeError } from '../../src/errors.ts'
import {
  type AddressSpace,
  alias,
  BlockDiscardManager,
  CallerMemory,
  CoalescedRing,
  container,
  EventNotifier,
  IommuRegion,
  type MemoryRegion,
  MemorySystem,
  mmio,
  PlainDiscardManager,
  type PortEntry,
  PortList,
  portIo,
  RamDeviceRegion,
  ram,
  reserved,
  romDevice,
  ScatterList,
  SparseMemory,
  setLogging,
  unimplemented,
} from '../../src/memory/index.ts'
import { PagedTranslator } from './paged-translator.ts'

// What a composer may not do is thrown at the call that does it, as an error that says who and with whom; what was there stays.

const registers = { read: () => 0, write() {} }
const WHOLE = 2n ** 64n
/** What JavaScript lets through where the types do not. */
const wrongly = (value: unknown) => value as bigint

/** The error of a call. */
function thrown(call: () => unknown): HostbridgeError {
  try {
    call()
  } catch (error) {
    return error as HostbridgeError
  }
  throw new Error('nothing was thrown')
}

/** What is thrown, in a form that says what is missing. */
function refusal(call: () => unknown, parties: readonly string[]) {
  const { code, message } = thrown(call)
  return { code, unnamed: parties.filter((name) => !message.includes(name)) }
}

const makers: readonly [string, (size: bigint) => unknown][] = [
  ['container', (size) => container('one', size)],
  ['ram', (size) => ram('one', size)],
  ['rom', (size) => ram('one', size, { readonly: true })],
  ['mmio', (size) => mmio('one', size, registers)],
  ['rom device', (size) => romDevice('one', size, registers)],
  ['ram device', (size) => new RamDeviceRegion('one', size)],
  ['reservation', (size) => reserved('one', size)],
  ['unimplemented', (size) => unimplemented('one', size)],
  ['iommu', (size) => new IommuRegion('one', size, new PagedTranslator())],
  ['alias', (size) => alias('one', container('two'), { size })],
  ['port space', (size) => portIo('one', size)],
]

const sizes: readonly [string, bigint][] = [
  ['0', 0n],
  ['a negative number of', -4096n],
  ['2^64 + 1', WHOLE + 1n],
  ['a number (not a bigint) of', wrongly(4096)],
  ['a fractional number of', wrongly(0.5)],
  ['NaN', wrongly(Number.NaN)],
  ['a number past 2^53 of', wrongly(2 ** 60)],
  ['a text of', wrongly('4096')],
]

const badSizes = makers.flatMap(([kind, make]) =>
  sizes.map(([what, size]): [string, string, (size: bigint) => unknown, bigint] => [kind, what, make, size]),
)

test.each(badSizes)('a region of kind %s cannot have %s bytes', (_kind, _what, make, size) => {
  expect(refusal(() => make(size), ["'one'"])).toEqual({ code: 'memory.size', unnamed: [] })
})

const resized: readonly [string, () => MemoryRegion][] = [
  ['a container', () => container('one', 0x4000n)],
  ['RAM', () => ram('one', 0x4000n)],
  ['RAM that is logged', () => logged(ram('one', 0x4000n))],
  ['a ROM device that is logged', () => logged(romDevice('one', 0x4000n, registers))],
  ['registers', () => mmio('one', 0x4000n, registers)],
  ['a RAM device', () => new RamDeviceRegion('one', 0x4000n)],
  ['an alias', () => alias('one', container('two'), { size: 0x4000n })],
]

function logged<T extends { readonly dirty: { readonly pages: number } }>(region: T): T {
  expect(region.dirty.pages).toBe(4)
  return region
}

const badResizes = resized.flatMap(([kind, make]) =>
  sizes.map(([what, size]): [string, string, () => MemoryRegion, bigint] => [kind, what, make, size]),
)

test.each(badResizes)('%s cannot be resized to %s bytes, and stays as it was', (_kind, _what, make, size) => {
  const region = make()

  const refused = refusal(() => region.setSize(size), ["'one'"])

  expect(refused).toEqual({ code: 'memory.size', unnamed: [] })
  expect(region.size).toBe(0x4000n)
  if ('dirty' in region) expect((region.dirty as { pages: number }).pages).toBe(4)
})

const addresses: readonly [string, bigint][] = [
  ['a negative address', -1n],
  ['2^64', WHOLE],
  ['a number (not a bigint)', wrongly(0)],
  ['a fractional number', wrongly(1.5)],
  ['a number past 2^53', wrongly(2 ** 60)],
  ['undefined', wrongly(undefined)],
]

describe.each(addresses)('at %s', (_, address) => {
  test('no region can be added, and both are named', () => {
    const bus = container('bus')
    const child = ram('child', 0x1000n)

    const refused = refusal(() => bus.add(child, address), ["'bus'", "'child'"])

    expect(refused).toEqual({ code: 'memory.address', unnamed: [] })
    expect([bus.hasChildren, child.container]).toEqual([false, undefined])
  })

  test('no region can be moved, and both are named', () => {
    const bus = container('bus')
    const child = ram('child', 0x1000n)
    bus.add(child, 0x2000n)

    const refused = refusal(() => child.setAddress(address), ["'bus'", "'child'"])

    expect(refused).toEqual({ code: 'memory.address', unnamed: [] })
    expect(child.address).toBe(0x2000n)
  })

  test('no alias can begin, and its target is named', () => {
    const target = ram('target', 0x1000n)
    const window = alias('window', target)

    const made =
      address === undefined
        ? undefined
        : refusal(() => alias('window', target, { offset: address }), ['window', 'target'])
    const moved = refusal(() => window.setTargetOffset(address), ["'window'", "'target'"])

    expect([made?.code ?? moved.code, made?.unnamed ?? []]).toEqual(['memory.address', []])
    expect([moved, window.targetOffset]).toEqual([{ code: 'memory.address', unnamed: [] }, 0n])
  })
})

test.each([0.5, Number.NaN, Number.POSITIVE_INFINITY, 2 ** 53, wrongly(1n) as unknown as number])(
  'nothing can be added with priority %s',
  (priority) => {
    const bus = container('bus')

    const refused = refusal(() => bus.add(ram('child', 0x1000n), 0n, { priority }), ["'child'"])

    expect([refused, bus.hasChildren]).toEqual([{ code: 'memory.priority', unnamed: [] }, false])
  },
)

interface Scene {
  readonly bus: MemoryRegion
  readonly disk: MemoryRegion
  readonly machine: MemorySystem
  readonly memory: AddressSpace
}

function scene(): Scene {
  const [bus, disk] = [container('bus'), mmio('disk', 0x1000n, registers)]
  bus.add(disk, 0x1000n)
  bus.add(ram('ram', 0x1000n), 0x8000n)
  const machine = new MemorySystem('machine')
  return { bus, disk, machine, memory: machine.createSpace('memory', bus) }
}

const memory = () => new SparseMemory(0x1000n)

type Mistake = readonly [what: string, code: string, parties: readonly string[], act: (scene: Scene) => unknown]

const mistakes: readonly Mistake[] = [
  ['a region in itself', 'memory.cycle', ["'bus'"], ({ bus }) => bus.add(bus, 0n)],
  [
    'a region in what it holds',
    'memory.cycle',
    ["'bus'", "'disk'"],
    // Registers may have children too (MR-6).
    ({ bus, disk }) => disk.add(bus, 0n),
  ],
  [
    'a region in what it shows through an alias',
    'memory.cycle',
    ["'window'", "'bus'"],
    ({ bus }) => bus.add(alias('window', bus), 0n),
  ],
  [
    'a region in two containers',
    'memory.double-add',
    ["'disk'", "'bus'", "'second'"],
    ({ disk }) => container('second').add(disk, 0n),
  ],
  ['a region twice in one container', 'memory.double-add', ["'disk'", "'bus'"], ({ bus, disk }) => bus.add(disk, 0n)],
  [
    'a child in an alias',
    'memory.alias-child',
    ["'window'", "'bus'", "'child'"],
    ({ bus }) => alias('window', bus).add(ram('child', 0x1000n), 0n),
  ],
  [
    'an alias without size that begins behind its target',
    'memory.alias-offset',
    ["'window'", "'disk'"],
    ({ disk }) => alias('window', disk, { offset: 0x1000n }),
  ],
  [
    'removing what is elsewhere',
    'memory.not-a-child',
    ["'second'", "'disk'", "'bus'"],
    ({ disk }) => container('second').remove(disk),
  ],
  [
    'removing twice',
    'memory.not-a-child',
    ["'bus'", "'disk'"],
    ({ bus, disk }) => [bus.remove(disk), bus.remove(disk)],
  ],
  [
    'a region of one machine in another',
    'memory.foreign-region',
    ["'ram'", "'machine'", "'other'"],
    ({ bus }) => {
      const root = container('root')
      new MemorySystem('other').createSpace('memory', root)
      root.add(alias('ram window', bus.children.find(({ name }) => name === 'ram') as MemoryRegion), 0n)
    },
  ],
  [
    'a space of another machine over a region',
    'memory.foreign-region',
    ["'bus'", "'machine'", "'other'"],
    ({ bus }) => new MemorySystem('other').createSpace('memory', bus),
  ],
  ['a commit too many', 'memory.commit', ["'machine'"], ({ machine }) => machine.commit()],
  [
    'a commit too many after a pair',
    'memory.commit',
    ["'machine'"],
    ({ machine }) => [machine.begin(), machine.commit(), machine.commit()],
  ],
  [
    'destroying a space twice',
    'memory.foreign-space',
    ["'memory'", "'machine'"],
    ({ machine, memory }) => [machine.destroySpace(memory), machine.destroySpace(memory)],
  ],
  [
    'destroying a space of another machine',
    'memory.foreign-space',
    ["'memory'", "'other'"],
    ({ memory }) => new MemorySystem('other').destroySpace(memory),
  ],
  [
    'one listener twice',
    'memory.listener',
    ["'ear'", "'memory'"],
    ({ memory }) => {
      const listener = { name: 'ear', priority: 0 }
      memory.register(listener)
      memory.register(listener)
    },
  ],
  [
    'a region of two owners',
    'memory.owned',
    ["'disk'", "'first'", "'second'"],
    ({ disk }) => disk.ownedBy({ name: 'first' }).ownedBy({ name: 'second' }),
  ],
  [
    'RAM of more bytes than its memory',
    'memory.backing',
    ["'ram'", '0x1001', '0x1000'],
    () => ram('ram', 0x1001n, { memory: memory() }),
  ],
  [
    'RAM grown over its memory',
    'memory.backing',
    ["'ram'", '0x1001', '0x1000'],
    () => ram('ram', 0x1000n).setSize(0x1001n),
  ],
  [
    'RAM of two memories',
    'memory.backing',
    ["'ram'"],
    () => ram('ram', 0x1000n, { memory: memory(), bytes: new Uint8Array(0x1000) }),
  ],
  ['memory over no bytes of the caller', 'memory.size', ['0x0'], () => new CallerMemory(new Uint8Array(0))],
  ['memory whose size is a number', 'memory.size', ['0x1000'], () => new SparseMemory(wrongly(4096))],
  ['registers of more than 2^53 bytes', 'memory.mmio-size', ["'disk'"], () => mmio('disk', 2n ** 53n + 1n, registers)],
  [
    'registers that want sizes nobody has',
    'memory.mmio-ops',
    ["'disk'"],
    () => mmio('disk', 0x1000n, { ...registers, impl: { min: 4, max: 2 } }),
  ],
  [
    'registers of 8 bytes without callbacks for them',
    'memory.mmio-ops',
    ["'disk'"],
    () => mmio('disk', 0x1000n, { ...registers, impl: { max: 8 } }),
  ],
  ...([-1, 8, 0.5, Number.NaN] as const).map(
    (mask) =>
      [
        `logging with mask ${mask}`,
        'memory.dirty-mask',
        ["'disk'", `${mask}`],
        ({ disk }: Scene) => disk.setDirtyMask(mask),
      ] as const,
  ),
  ['ending a logging that nobody began', 'memory.dirty-count', ["'disk'"], ({ disk }) => setLogging(disk, false)],
  [
    'a dirty snapshot past the end',
    'memory.dirty-range',
    ["'ram'", '0x1000'],
    ({ machine }) => machine.dirtyLog.snapshot(ram('ram', 0x1000n), 0x800n, 0x1000n, 1),
  ],
  [
    'a dirty snapshot at a number',
    'memory.dirty-range',
    ["'ram'"],
    ({ machine }) => machine.dirtyLog.snapshot(ram('ram', 0x1000n), wrongly(0), 0x1000n, 1),
  ],
  [
    'tracking for a reason there is not',
    'memory.tracking',
    ["'machine'"],
    ({ machine }) => machine.dirtyLog.tracking.start(8),
  ],
  ...([-1, 0.5, 2 ** 53] as const).map(
    (offset) =>
      [
        `an eventfd at ${offset}`,
        'memory.eventfd',
        ["'disk'", "'bell'"],
        ({ disk }: Scene) => disk.eventfds.add({ offset, size: 4, notifier: new EventNotifier('bell') }),
      ] as const,
  ),
  [
    'an eventfd of 3 bytes',
    'memory.eventfd',
    ["'disk'", "'bell'"],
    ({ disk }) => disk.eventfds.add({ offset: 0, size: 3 as 4, notifier: new EventNotifier('bell') }),
  ],
  ...([-1n, 0x100n, wrongly(1)] as const).map(
    (data) =>
      [
        `an eventfd of 1 byte for the ${typeof data} ${data}`,
        'memory.eventfd',
        ["'disk'", "'bell'"],
        ({ disk }: Scene) => disk.eventfds.add({ offset: 0, size: 1, data, notifier: new EventNotifier('bell') }),
      ] as const,
  ),
  [
    'removing an eventfd that is not there',
    'memory.eventfd',
    ["'disk'", "'bell'"],
    ({ disk }) => disk.eventfds.remove({ offset: 0, size: 4, notifier: new EventNotifier('bell') }),
  ],
  ...(
    [
      [0n, 0n],
      [-1n, 1n],
      [0xfffn, 2n],
      [wrongly(0), 4n],
      [0n, wrongly(4)],
    ] as const
  ).map(
    ([offset, size]) =>
      [
        `putting off writes to ${size} bytes at ${offset} (${typeof offset}, ${typeof size})`,
        'memory.coalesced',
        ["'disk'", '0x1000'],
        ({ disk }: Scene) => disk.coalescing.add(offset, size),
      ] as const,
  ),
  [
    'a ring of no writes',
    'memory.coalesced',
    ["'ring'"],
    ({ memory }) => new CoalescedRing('ring', memory, { capacity: 0 }),
  ],
  ...([0n, 100n, 6144n, wrongly(4096)] as const).map(
    (blockSize) =>
      [
        `blocks of the ${typeof blockSize} ${blockSize}`,
        'memory.discard-block',
        ["'ram'"],
        () => new BlockDiscardManager(ram('ram', 0x4000n), { blockSize }),
      ] as const,
  ),
  [
    'populating what is not whole blocks',
    'memory.discard-range',
    ["'ram'", '4096'],
    () => new PlainDiscardManager(ram('ram', 0x4000n)).populate(0x800n, 0x1000n),
  ],
  [
    'populating at a number',
    'memory.discard-range',
    ["'ram'"],
    () => new PlainDiscardManager(ram('ram', 0x4000n)).populate(wrongly(0), 0x1000n),
  ],
  [
    'loading what lies past the end',
    'memory.discard-range',
    ["'ram'", '0x4000'],
    () =>
      new BlockDiscardManager(ram('ram', 0x4000n), { blockSize: 0x1000n }).load([{ start: 0x3000n, last: 0x4fffn }]),
  ],
  [
    'loading twice',
    'memory.discard-range',
    ["'ram'", 'plugged already'],
    () => {
      const manager = new BlockDiscardManager(ram('ram', 0x4000n), { blockSize: 0x1000n })
      manager.load([{ start: 0n, last: 0xfffn }])
      manager.load([{ start: 0n, last: 0xfffn }])
    },
  ],
  [
    'two managers of the memory of one region',
    'memory.discard-manager',
    ["'ram'"],
    () => {
      const region = ram('ram', 0x4000n)
      region.setDiscardManager(new PlainDiscardManager(region))
      region.setDiscardManager(new PlainDiscardManager(region))
    },
  ],
  ...([-1, 0.5, Number.NaN, 2 ** 53] as const).flatMap((length) =>
    (
      [
        ['a mapping', 'memory.length', (space) => space.map(0x8000n, length)],
        ['a fill', 'memory.length', (space) => space.fill(0x8000n, 0, length)],
        ['a question about', 'memory.length', (space) => space.valid(0x8000n, length, 1)],
        ['a cache', 'memory.region-cache', (space) => space.cache(0x8000n, length)],
        ['a list', 'memory.scatter-list', (space) => new ScatterList(space).add(0x8000n, length)],
      ] as readonly [string, string, (space: AddressSpace) => unknown][]
    ).map(
      ([what, code, act]) =>
        [`${what} of ${length} bytes`, code, [`${length}`], ({ memory }: Scene) => act(memory)] as const,
    ),
  ),
  ...([-1, 0.5, 0x1001] as const).map(
    (accessed) =>
      [
        `unmapping with ${accessed} bytes used`,
        'memory.mapping',
        ["'memory'", '0x8000'],
        ({ memory }: Scene) => memory.map(0x8000n, 0x1000)?.unmap(accessed),
      ] as const,
  ),
  [
    'unmapping twice',
    'memory.mapping',
    ["'memory'", '0x8000'],
    ({ memory }) => {
      const mapping = memory.map(0x8000n, 0x1000)
      mapping?.unmap()
      mapping?.unmap()
    },
  ],
  [
    'unmapping from another space',
    'memory.mapping',
    ["'memory'", "'second'"],
    ({ memory, machine, bus }) => {
      const mapping = memory.map(0x8000n, 0x1000)
      if (mapping !== undefined) machine.createSpace('second', bus).unmap(mapping)
    },
  ],
  [
    'reading past the end of a cache',
    'memory.region-cache',
    ["'memory'", '0x8000'],
    ({ memory }) => memory.cache(0x8000n, 16).read(12, new Uint8Array(8)),
  ],
  [
    'bounce buffers of a negative size',
    'memory.bounce-limit',
    ["'memory'"],
    ({ memory }) => {
      memory.bounce.limit = -1
    },
  ],
]

test.each(mistakes)('%s is refused as %s', (_what, code, parties, act) => {
  const set = scene()
  const before = set.memory.flatView.ranges.map(({ region, start }) => `${region.name} ${start}`)

  const refused = refusal(() => act(set), parties)

  expect(refused).toEqual({ code, unnamed: [] })
  // Nothing stays open: the map can go on changing, and is as it was but for what the mistake did before it.
  set.machine.transaction(() => undefined)
  const after = set.memory.flatView.ranges.map(({ region, start }) => `${region.name} ${start}`)
  expect(before).toEqual(expect.arrayContaining(after))
})

describe('a list of ports', () => {
  const entry = (offset: number, length = 4): PortEntry => ({ offset, length, size: 1, read: (port) => port & 0xff })
  const space = () => portIo('ports')

  test.each([-1, 0.5, Number.NaN, 2 ** 53 - 4])('cannot begin at port %s, and is in no space then', (start) => {
    const list = new PortList('uart', [entry(0), entry(0x10)])

    const refused = refusal(() => list.add(space(), start), ["'uart'", `${start}`])

    expect(refused).toEqual({ code: 'memory.port-list', unnamed: [] })
    expect(list.regions.map(({ container }) => container)).toEqual([undefined, undefined])
  })

  test('cannot be moved to where no port is, and stays', () => {
    const ports = space()
    const list = new PortList('uart', [entry(0)])
    list.add(ports, 0x60)

    const refused = refusal(() => list.setStart(-1), ["'uart'", '-1'])

    expect([refused.code, list.regions[0]?.address]).toEqual(['memory.port-list', 0x60n])
  })

  test('cannot be in two places, and goes on answering with the ports of the first', () => {
    const ports = space()
    const memory = new MemorySystem('machine').createSpace('io', ports)
    const list = new PortList('uart', [entry(0)])
    list.add(ports, 0x60)

    const refused = refusal(() => list.add(portIo('second'), 0x80), ["'uart'", "'ports'", "'second'"])

    expect([refused.code, memory.load8(0x61n)]).toEqual(['memory.port-list', 0x61])
  })

  test('cannot have ports past 2^53', () => {
    const refused = refusal(() => new PortList('uart', [entry(2 ** 53 - 2)]), ["'uart'"])

    expect(refused.code).toBe('memory.port-list')
  })
})
