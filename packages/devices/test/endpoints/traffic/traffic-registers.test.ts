import { fc, test as property } from '@fast-check/vitest'
import {
  Traffic,
  TrafficControl,
  TrafficEngine,
  type TrafficEngineOptions,
  TrafficInterrupt,
  TrafficStatus,
} from '@hostbridge/devices/endpoints'
import { describe, expect, test } from 'vitest'
import { type EndpointScene, endpointScene, RAM, setUp, useMessages } from '../endpoint-scene.ts'

function scene(options: TrafficEngineOptions = {}): EndpointScene<TrafficEngine> {
  return endpointScene(new TrafficEngine(options))
}

/** Programs a job of 10 sequential reads of 256 bytes, and what is told besides, and starts it. */
function start(
  { poke }: EndpointScene<TrafficEngine>,
  registers: Partial<Record<keyof typeof Traffic, number | bigint>> = {},
  control = 0,
): void {
  const job = {
    requestBytes: 256,
    base: RAM,
    length: 0x1000,
    requests: 10,
    outstanding: 2,
    readPercent: 100,
    ...registers,
  }
  for (const [name, value] of Object.entries(job)) {
    const wide = ['base', 'length', 'rate', 'list'].includes(name)
    poke(Traffic[name as keyof typeof Traffic], value, wide ? 8 : 4)
  }
  poke(Traffic.control, TrafficControl.start | control)
}

describe('the registers of a traffic engine', () => {
  test('say what it is', () => {
    const { peek } = scene()

    expect([peek(Traffic.identification), peek(Traffic.status), peek(0xff0)]).toEqual([0x7472_6601n, 0n, 0n])
  })

  test.each([
    'pattern',
    'requestBytes',
    'requests',
    'outstanding',
    'rateUnit',
    'readPercent',
    'seed',
    'listEntries',
  ] as const)('keep %s', (name) => {
    const { peek, poke } = scene()

    poke(Traffic[name], 0x1234_5678)

    expect(peek(Traffic[name])).toBe(0x1234_5678n)
  })

  test.each(['base', 'length', 'rate', 'list'] as const)('keep both halves of %s', (name) => {
    const { peek, poke } = scene()

    poke(Traffic[name], 0x1122_3344_5566_7788n, 8)
    poke(Traffic[name] + 4, 0xaabb_ccdd)

    expect(peek(Traffic[name], 8)).toBe(0xaabb_ccdd_5566_7788n)
  })

  test.each([
    'started',
    'completed',
    'failed',
    'bytesRead',
    'bytesWritten',
    'faultAddress',
    'latency',
    'status',
  ] as const)('do not let %s be written', (name) => {
    const { peek, poke } = scene()

    poke(Traffic[name], 5)

    expect(peek(Traffic[name])).toBe(0n)
  })

  test('control keeps what is no command', () => {
    const { peek, poke } = scene()

    poke(Traffic.control, 0xffff_fffe)

    expect(peek(Traffic.control)).toBe(0x1cn)
  })

  test('start a job that they describe, and say when it runs and is done', () => {
    const traffic = scene()
    const { machine, peek } = traffic

    start(traffic)
    expect(peek(Traffic.status)).toBe(BigInt(TrafficStatus.running))
    machine.run()

    expect(peek(Traffic.status)).toBe(BigInt(TrafficStatus.done))
    expect([peek(Traffic.started), peek(Traffic.completed), peek(Traffic.failed)]).toEqual([10n, 10n, 0n])
    expect([peek(Traffic.bytesRead, 8), peek(Traffic.bytesWritten, 8)]).toEqual([2560n, 0n])
  })

  test('take a job when it starts: what is written later is for the next one', () => {
    const traffic = scene()
    const { machine, peek, poke } = traffic
    start(traffic)

    poke(Traffic.requests, 3)
    poke(Traffic.readPercent, 0)
    machine.run()

    expect([peek(Traffic.completed), peek(Traffic.bytesRead)]).toEqual([10n, 2560n])
  })

  test('tell of any of 1000 requests how long it took', () => {
    const traffic = scene({ linkBytesPerSecond: 1e9 })
    const { device, machine, peek, poke } = traffic
    start(traffic, { outstanding: 10 })
    machine.run()

    const latencies = [0, 500, 1000, 5000].map((permille) => {
      poke(Traffic.permille, permille)
      return peek(Traffic.latency, 8)
    })

    expect(peek(Traffic.permille)).toBe(1000n)
    expect(latencies).toEqual([0, 50, 100, 100].map((percent) => BigInt(device.latency.percentile(percent))))
    expect(latencies).toEqual([1279n, 2303n, 3560n, 3560n])
  })

  test('set a rate of requests, and one of bytes', () => {
    const times = [0, 1].map((rateUnit) => {
      const traffic = scene()
      start(traffic, { rate: 1_000_000, rateUnit, outstanding: 64 })
      traffic.machine.run()
      return traffic.machine.now
    })

    expect(times).toEqual([9n * 1000n + 1016n, 9n * 256_000n + 1016n])
  })

  test('choose the random pattern, and its seed', () => {
    const places = [1, 1, 2].map((seed) => {
      const traffic = scene()
      start(traffic, { pattern: 1, seed, readPercent: 0, requests: 4, requestBytes: 1, length: 64, outstanding: 1 })
      traffic.fill(0, Array(64).fill(9))
      traffic.machine.run()
      return [...traffic.memory(0, 64)].flatMap((byte, at) => (byte === 0 ? [at] : []))
    })

    expect(places[0]).toEqual(places[1])
    expect(places[2]).not.toEqual(places[0])
    expect(places[0]?.length).toBeGreaterThan(2)
  })

  test('lead to a list in guest memory, of an address and a length each', () => {
    const traffic = scene()
    const list = new DataView(new ArrayBuffer(32))
    list.setBigUint64(0, RAM + 0x200n, true)
    list.setUint32(8, 2, true)
    list.setUint32(12, 0xffff_ffff, true)
    list.setBigUint64(16, RAM + 0x300n, true)
    list.setUint32(24, 3, true)
    traffic.fill(0x100, [...new Uint8Array(list.buffer)])

    start(traffic, { pattern: 2, list: RAM + 0x100n, listEntries: 2, requests: 3, readPercent: 0 })
    traffic.machine.run()

    expect(traffic.peek(Traffic.bytesWritten)).toBe(15n)
    expect([...traffic.memory(0x200, 4), ...traffic.memory(0x300, 4)]).toEqual([0, 1, 0, 0, 0, 1, 2, 0])
  })

  test('stop what runs', () => {
    const traffic = scene()
    start(traffic, { requests: 1000 })
    traffic.machine.run({ until: 100n })

    traffic.poke(Traffic.control, TrafficControl.stop)
    traffic.machine.run()

    expect(traffic.peek(Traffic.status)).toBe(BigInt(TrafficStatus.stopped))
    expect(traffic.peek(Traffic.completed)).toBe(2n)
  })
})

describe('a job that a guest describes wrongly', () => {
  test.each([
    ['no pattern', { pattern: 3 }],
    ['no requests', { requests: 0 }],
    ['too many requests', { requests: 0xffff_ffff }],
    ['none under way', { outstanding: 0 }],
    ['too many under way', { outstanding: 65 }],
    ['more reads than requests', { readPercent: 101 }],
    ['an empty request', { requestBytes: 0 }],
    ['a large request', { requestBytes: 0xffff_ffff }],
    ['no room', { length: 0 }],
    ['an end past 2^64', { base: 2n ** 64n - 1n }],
    ['a rate beyond all', { rate: 2n ** 64n - 1n }],
    ['an empty list', { pattern: 2, list: RAM }],
    ['a long list', { pattern: 2, list: RAM, listEntries: 0xffff_ffff }],
    ['a list of nothing', { pattern: 2, list: RAM, listEntries: 2 }],
    ['a list that cannot be read', { pattern: 2, list: 0x10n, listEntries: 2 }],
  ])('with %s is a status and a guest error, and nothing runs', (_, registers) => {
    const traffic = scene()

    start(traffic, registers)
    traffic.machine.run()

    expect(traffic.peek(Traffic.status)).toBe(BigInt(TrafficStatus.badJob))
    expect(traffic.machine.guestErrors.last).toMatchObject({ code: 'traffic.job' })
    expect([traffic.machine.now, traffic.peek(Traffic.started)]).toEqual([0n, 0n])
  })

  test('changes nothing of one that runs, and is forgotten with the next good one', () => {
    const traffic = scene()
    start(traffic)

    start(traffic)
    expect(traffic.peek(Traffic.status)).toBe(BigInt(TrafficStatus.running | TrafficStatus.badJob))
    traffic.machine.run()
    expect(traffic.peek(Traffic.completed)).toBe(10n)
    start(traffic)

    expect(traffic.peek(Traffic.status)).toBe(BigInt(TrafficStatus.running))
  })
})

const small = fc.integer({ min: 0, max: 70 })
const place = fc.oneof(
  fc.constantFrom(0n, RAM, RAM + 0xfff0n, 2n ** 64n - 64n, 0x8000_0000n),
  fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }),
)
const limits = fc.constantFrom(0xffff_ffff, 0x100_0000, 0x1_0000)

property.prop(
  [
    fc.record({
      pattern: fc.integer({ min: 0, max: 3 }),
      requestBytes: fc.oneof(small, limits),
      base: place,
      length: fc.oneof(small, fc.integer({ min: 0, max: 0x2_0000 }), place),
      requests: fc.oneof(small, limits),
      outstanding: fc.integer({ min: 0, max: 9 }),
      rate: fc.oneof(fc.constant(0), small, fc.integer({ min: 1, max: 2 ** 31 }), place),
      rateUnit: fc.integer({ min: 0, max: 1 }),
      readPercent: fc.integer({ min: 0, max: 101 }),
      list: place,
      listEntries: fc.oneof(small, limits),
    }),
    fc.integer({ min: 0, max: 31 }),
    fc.bigInt({ min: 1n, max: 200_000n }),
  ],
  { numRuns: 150 },
)('whatever job a guest describes, its cost is bounded by the time that passes', (registers, control, ticks) => {
  const traffic = scene({ slots: 8, latency: 0n })
  const { device, machine } = traffic

  start(traffic, registers, control)
  const { events } = machine.run({ until: ticks })
  start(traffic, registers, control)

  expect(BigInt(events)).toBeLessThan(2n * ticks + 100n)
  expect(device.counters.bytesRead + device.counters.bytesWritten).toBeLessThan(16 * Number(ticks) + 9 * 0x10_0000)
  expect(device.outstanding).toBeLessThanOrEqual(8)
  expect([device.faults.length <= 1024, machine.guestErrors.length <= 1024]).toEqual([true, true])
})

describe('interrupts of a traffic engine', () => {
  const BOTH = TrafficControl.interruptWhenDone | TrafficControl.interruptOnFault

  test('come when the job is done, and go when the driver has seen them', () => {
    const traffic = scene()
    start(traffic, {}, BOTH)
    traffic.machine.run()
    const { now } = traffic.machine
    expect([traffic.peek(Traffic.interruptStatus), traffic.heard]).toEqual([
      BigInt(TrafficInterrupt.done),
      [`up@${now}`],
    ])

    traffic.poke(Traffic.interruptStatus, TrafficInterrupt.fault)
    expect(traffic.heard).toEqual([`up@${now}`])
    traffic.poke(Traffic.interruptStatus, TrafficInterrupt.done)

    expect([traffic.peek(Traffic.interruptStatus), traffic.heard]).toEqual([0n, [`up@${now}`, `down@${now}`]])
  })

  test('come with faults, and say where the last one was', () => {
    const traffic = scene()
    const base = RAM + 0xff00n

    start(traffic, { base, length: 512, requests: 2 }, BOTH | TrafficControl.stopOnFault)
    traffic.machine.run()

    expect(traffic.peek(Traffic.interruptStatus)).toBe(3n)
    expect(traffic.peek(Traffic.faultAddress, 8)).toBe(RAM + 0x1_0000n)
    expect(traffic.peek(Traffic.status)).toBe(BigInt(TrafficStatus.faulted))
  })

  test('do not come where the driver wants none', () => {
    const traffic = scene()

    start(traffic, { base: 0x10n })
    traffic.machine.run()

    expect([traffic.peek(Traffic.interruptStatus), traffic.peek(Traffic.failed), traffic.heard]).toEqual([0n, 10n, []])
  })

  test('are messages with MSI', () => {
    const traffic = scene()
    useMessages(traffic.device, 0x51)

    start(traffic, {}, BOTH)
    traffic.machine.run()

    expect(traffic.heard).toEqual([`81@${traffic.machine.now}`])
  })
})

test('the registers are the same after save and restore, and empty after a reset', () => {
  const traffic = scene()
  const other = scene()
  start(traffic, { seed: 77, requests: 0 }, TrafficControl.stopOnFault)
  traffic.poke(Traffic.permille, 990)

  other.machine.restore(structuredClone(traffic.machine.save()))

  const all = Array.from({ length: 48 }, (_, word) => 4 * word)
  expect(all.map((offset) => other.peek(offset))).toEqual(all.map((offset) => traffic.peek(offset)))
  expect([other.peek(Traffic.seed), other.peek(Traffic.status)]).toEqual([77n, BigInt(TrafficStatus.badJob)])
  other.machine.reset()
  setUp(other.device)
  expect(all.slice(1).every((offset) => other.peek(offset) === 0n)).toBe(true)
})
