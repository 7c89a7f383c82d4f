import { fc, test as property } from '@fast-check/vitest'
import { KiB, MiB } from '@hostbridge/core/address'
import { Machine } from '@hostbridge/core/machine'
import { mmio, ram } from '@hostbridge/core/memory'
import { us } from '@hostbridge/core/time'
import { Trace } from '@hostbridge/core/trace'
import { TrafficEngine, type TrafficEngineOptions, type TrafficJob } from '@hostbridge/devices/endpoints'
import { Command, Header } from '@hostbridge/devices/pci'
import { SpaprHostBridge } from '@hostbridge/devices/spapr'
import { Host, Type1Iommu, VfioPciDevice } from '@hostbridge/devices/vfio'
import { describe, expect, test } from 'vitest'
import { type EndpointScene, endpointScene, RAM, setUp } from '../endpoint-scene.ts'

/** One byte takes 1 ns on this link. */
const SLOW: TrafficEngineOptions = { linkBytesPerSecond: 1e9 }

function scene(options: TrafficEngineOptions = {}): EndpointScene<TrafficEngine> {
  return endpointScene(new TrafficEngine(options))
}

describe('a traffic engine', () => {
  test('reads or writes one request behind the other, and begins again at the end of its length', () => {
    const { device, machine, memory } = scene()

    device.run({ requests: 5, base: RAM + 0x100n, length: 1000n, requestBytes: 300, readPercent: 0 })
    expect([device.status, device.outstanding, device.counters.started]).toEqual(['running', 0, 0])
    machine.run()

    expect(device.status).toBe('done')
    expect(device.counters).toEqual({
      started: 5,
      completed: 5,
      failed: 0,
      bytesRead: 0,
      bytesWritten: 1500,
      faultAddress: 0n,
    })
    const one = Array.from({ length: 300 }, (_, at) => at & 0xff)
    expect([...memory(0xff, 903)]).toEqual([0, ...one, ...one, ...one, 0, 0])
  })

  test('goes over all places of a list with every request', () => {
    const { device, machine, memory } = scene()
    const segments = [
      { iova: RAM + 0x10n, bytes: 3 },
      { iova: RAM, bytes: 2 },
    ]

    device.run({ pattern: 'scatter-gather', segments, requests: 4, readPercent: 0 })
    machine.run()

    expect(device.counters).toMatchObject({ started: 4, bytesWritten: 20 })
    expect([...memory(0, 20)]).toEqual([0, 1, ...Array(14).fill(0), 0, 1, 2, 0])
  })

  test('reads and writes as its seed says, and with another seed differently', () => {
    const job: TrafficJob = {
      pattern: 'random',
      requests: 200,
      base: RAM,
      length: 0x8000n,
      requestBytes: 64,
      readPercent: 70,
      outstanding: 4,
    }
    const counters = [5, 5, 6].map((seed) => {
      const { device, machine } = scene()
      device.run({ ...job, seed })
      machine.run()
      return device.counters
    })

    expect(counters[0]).toEqual(counters[1])
    expect(counters[2]).not.toEqual(counters[0])
    expect(counters[0]?.bytesRead).toBeGreaterThan(115 * 64)
    expect((counters[0]?.bytesRead ?? 0) + (counters[0]?.bytesWritten ?? 0)).toBe(200 * 64)
  })

  test('without a rate keeps as many requests under way as it may, and no more', () => {
    const { device, machine } = scene({ latency: 1000n, slots: 8 })
    const most: number[] = []
    machine.at(900n, () => most.push(device.outstanding))

    device.run({ requests: 30, base: RAM, requestBytes: 16, outstanding: 3 })
    machine.run()

    expect(most).toEqual([3])
    // Each takes its ns on the link, one behind the other, and 1000 more.
    expect(machine.now).toBe(10n * 1000n + 12n)
    expect([device.latency.count, device.latency.least, device.latency.most]).toEqual([30, 1001, 1003])
  })

  test('with a rate starts requests when they are due, and counts their latency from then', () => {
    const { device, machine } = scene({ latency: 2000n, ...SLOW })
    machine.run({ until: 50n })

    device.run({ requests: 4, base: RAM, requestBytes: 100, outstanding: 4, rate: { requestsPerSecond: 1e6 } })
    machine.run()

    // The last one is due 3 µs after the start.
    expect(machine.now).toBe(50n + 3000n + 100n + 2000n)
    expect([device.latency.least, device.latency.most]).toEqual([2100, 2100])
  })

  test('that is slower than its rate shows the queue: each request waits longer than the one before', () => {
    const { device, machine } = scene({ latency: 900n, ...SLOW })

    device.run({ requests: 5, base: RAM, requestBytes: 100, outstanding: 1, rate: { requestsPerSecond: 10e6 } })
    machine.run()

    expect(machine.now).toBe(5000n)
    expect([...device.latency].map(({ first, count }) => [first <= 5000, count])).toHaveLength(5)
    expect([device.latency.least, device.latency.most, device.latency.mean]).toEqual([1000, 4600, 2800])
  })

  test('keeps a rate in bytes over any number of requests', () => {
    const { device, machine } = scene({ latency: 0n })

    device.run({ requests: 1000, base: RAM, requestBytes: 64, rate: { bytesPerSecond: 3e9 }, outstanding: 64 })
    machine.run()

    // 999 periods of 21.33 ns, and 4 ns on the link.
    expect(machine.now).toBe(BigInt(Math.floor((999 * 64) / 3) + 4))
  })

  test('lets requests overtake each other with jitter, and takes part in no other way', () => {
    const { device, machine } = scene({ jitter: 5000 })

    device.run({ requests: 300, base: RAM, requestBytes: 16, outstanding: 32 })
    machine.run()

    expect(device.counters.completed).toBe(300)
    expect(device.latency.least).toBeLessThan(1500)
    expect(device.latency.most).toBeGreaterThan(5000)
    expect(device.latency.most).toBeLessThan(6100)
  })

  test('its link carries one request after the other', () => {
    const { device, machine } = scene({ latency: 0n, ...SLOW })

    device.run({ requests: 10, base: RAM, requestBytes: 4096, outstanding: 10 })
    machine.run()

    expect(machine.now).toBe(40_960n)
    expect(device.latency.most).toBe(40_960)
  })

  test('moves bytes through the IOMMU of its bus', () => {
    const machine = new Machine('pseries')
    machine.map(0n, ram('ram', 1n * MiB))
    const phb = machine.plug(new SpaprHostBridge({ index: 0 }))
    const engine = phb.plug('00:01.0', new TrafficEngine())
    phb.window.put(0x3000n, { to: 0x7000n, access: 'rw' })

    engine.run({ requests: 1, base: 0x3000n, readPercent: 0 })
    machine.run()
    const page = new Uint8Array(4096)
    machine.space.read(0x7000n, page)

    expect(engine.counters.bytesWritten).toBe(4096)
    expect(page.every((byte, at) => byte === (at & 0xff))).toBe(true)
  })

  test('passed through goes through the host, and stops when it is taken away', () => {
    const machine = new Machine('pseries')
    machine.map(0n, ram('ram', 1n * MiB))
    const phb = machine.plug(new SpaprHostBridge({ index: 0 }))
    phb.window.put(0n, { to: 0n, access: 'rw' })
    const host = new Host({ iommu: new Type1Iommu({ pageSizes: [4n * KiB] }) })
    const card = host.plug('0000:01:00.0', new TrafficEngine())
    const device = phb.plug('00:01.0', new VfioPciDevice(card))

    card.run({ requests: 1000, outstanding: 4 })
    machine.run({ until: 5n * us })
    expect(card.counters.failed).toBe(0)
    expect(card.counters.completed).toBeGreaterThan(3)
    phb.unplug(device)
    machine.run()

    expect([card.status, card.outstanding, machine.now]).toEqual(['idle', 0, 5n * us])
  })
})

describe('a job', () => {
  test('that cannot be is thrown at the composer, and nothing is changed', () => {
    const { device } = scene({ slots: 2 })

    expect(() => device.run({ requests: 1, outstanding: 3 })).toThrowError(
      `'traffic-engine' cannot do this job: 3 requests cannot be under way at once, 1 to 2 can`,
    )
    expect(device.status).toBe('idle')
  })

  test('cannot be started while another one runs, also when that one is ending', () => {
    const { device, machine } = scene()
    device.run({ requests: 2, base: RAM })
    machine.run({ until: 1n })

    device.stop()

    expect(() => device.run({ requests: 1 })).toThrowError('another one runs, stop that first')
    expect(device.status).toBe('running')
  })

  test('cannot be started where nobody gives it time', () => {
    expect(() => new TrafficEngine().run({ requests: 1 })).toThrowError('it is in no machine, nor passed to one')
  })

  test('that is stopped lets what is under way come to its end', () => {
    const { device, machine } = scene()
    device.run({ requests: 100, base: RAM, outstanding: 4 })
    machine.run({ until: 500n })

    device.stop()
    machine.run()

    expect(device.counters).toMatchObject({ started: 4, completed: 4 })
    expect([device.status, device.latency.count]).toEqual(['stopped', 4])
    device.run({ requests: 1, base: RAM })
    machine.run()
    expect([device.status, device.counters.completed, device.latency.count]).toEqual(['done', 1, 1])
  })

  test('that is stopped between requests is over at once', () => {
    const { device, machine } = scene()
    device.run({ requests: 100, base: RAM, rate: { requestsPerSecond: 1 } })
    machine.run({ until: 10n * us })

    device.stop()
    device.stop()

    expect([device.status, device.counters.started, machine.queue.size]).toEqual(['stopped', 1, 0])
  })

  test.each([
    { slots: 0 },
    { slots: 1025 },
    { slots: 1.5 },
    { latency: -1n },
    { jitter: -1 },
    { linkBytesPerSecond: 0 },
  ])('is nothing for an engine of %o', (options) => {
    expect(() => new TrafficEngine(options)).toThrowError(/'traffic-engine' cannot have/)
  })
})

describe('at the end of virtual time', () => {
  test('requests that would come later do not come', () => {
    const { device, machine } = scene()
    const segments = [{ iova: RAM, bytes: 0x1_0000 }]

    device.run({ pattern: 'scatter-gather', segments, requests: 1000, rate: { bytesPerSecond: 1 } })
    machine.run()

    // One in 65,536 s, and 2^53 ns are 104 days.
    expect([device.status, device.counters.completed]).toEqual(['running', 138])
  })

  test('requests that would end later end then', () => {
    const { device, machine } = scene({ latency: 2n ** 52n })

    device.run({ requests: 3, base: RAM })
    machine.run()

    expect([device.status, machine.now]).toEqual(['done', 2n ** 53n - 1n])
  })
})

describe('faults of traffic', () => {
  /** Every fourth request goes past the end of the RAM. */
  const job: TrafficJob = { requests: 40, base: RAM + 0xd000n, length: 0x4000n, requestBytes: 0x1000 }

  test('are counted, and the job goes on', () => {
    const { device, machine } = scene()

    device.run(job)
    machine.run()

    expect(device.status).toBe('done')
    expect(device.counters).toEqual({
      started: 40,
      completed: 40,
      failed: 10,
      bytesRead: 30 * 0x1000,
      bytesWritten: 0,
      faultAddress: RAM + 0x1_0000n,
    })
    expect([device.faults.total, device.latency.count]).toEqual([10, 40])
  })

  test('end the job where it is to stop at the first one, when what is under way is done', () => {
    const { device, machine } = scene()

    device.run({ ...job, outstanding: 3, stopOnFault: true })
    machine.run()

    expect(device.status).toBe('faulted')
    expect(device.counters).toMatchObject({ started: 6, completed: 6, failed: 1 })
  })

  test('of one place in a list are faults of the request, though its other bytes move', () => {
    const { device, machine, memory } = scene()
    const segments = [
      { iova: 0x10n, bytes: 1 },
      { iova: RAM, bytes: 2 },
    ]

    device.run({ pattern: 'scatter-gather', segments, requests: 1, readPercent: 0 })
    machine.run()

    expect(device.counters).toMatchObject({ failed: 1, bytesWritten: 0, faultAddress: 0x10n })
    expect(memory(1, 1)[0]).toBe(1)
  })

  test('do not end a job that was stopped before', () => {
    const { device, machine } = scene()
    device.run({ ...job, base: 0x10n, outstanding: 2, stopOnFault: true })
    machine.run({ until: 10n })

    device.stop()
    machine.run()

    expect([device.status, device.counters.failed]).toEqual(['stopped', 2])
  })

  test('meet it when it may no longer be a bus master', () => {
    const { device, machine } = scene()
    device.run({ requests: 10, base: RAM })
    machine.at(4n * us, () => device.config.write(Header.command.offset, 2, Command.memory))

    machine.run()

    expect(device.status).toBe('done')
    expect(device.counters.failed).toBeGreaterThan(5)
  })
})

describe('an engine with requests under way', () => {
  const jobs: fc.Arbitrary<TrafficJob> = fc.record(
    {
      pattern: fc.constantFrom('sequential' as const, 'random' as const, 'scatter-gather' as const),
      base: fc.constantFrom(RAM, RAM + 0xf000n),
      length: fc.constantFrom(0x2000n, 0x8000n),
      requestBytes: fc.constantFrom(1, 64, 1000),
      segments: fc.constant([
        { iova: RAM, bytes: 100 },
        { iova: RAM + 0x200n, bytes: 3 },
      ]),
      requests: fc.integer({ min: 1, max: 60 }),
      outstanding: fc.integer({ min: 1, max: 8 }),
      rate: fc.constantFrom({ requestsPerSecond: 3e6 }, { bytesPerSecond: 7e8 }, { requestsPerSecond: 1e8 }),
      readPercent: fc.constantFrom(0, 50, 100),
      seed: fc.nat({ max: 1000 }),
      stopOnFault: fc.boolean(),
    },
    { requiredKeys: ['requests', 'base', 'length', 'segments'] },
  )
  const options: TrafficEngineOptions = { slots: 8, jitter: 700 }

  property.prop([jobs, fc.bigInt({ min: 0n, max: 20_000n })], { numRuns: 100 })(
    'goes on after save and restore as it does without',
    (job, at) => {
      const one = scene(options)
      const other = scene(options)
      other.device.run({ requests: 9, base: RAM })
      other.machine.run({ until: 3n })
      one.device.run(job)
      one.machine.run({ until: at })

      other.machine.restore(structuredClone(one.machine.save()))
      for (const { machine } of [one, other]) machine.run()

      expect(other.device.counters).toEqual(one.device.counters)
      expect(other.machine.save()).toEqual(one.machine.save())
      expect(one.device.status).not.toBe('running')
    },
  )

  test('is idle after a reset, and can be used anew', () => {
    const { device, machine } = scene(options)
    device.run({ requests: 50, base: RAM, outstanding: 8 })
    machine.run({ until: 2n * us })

    machine.reset()
    expect([device.status, device.outstanding, device.latency.count, machine.queue.size]).toEqual(['idle', 0, 0, 0])
    expect(device.counters).toMatchObject({ started: 0, completed: 0 })
    device.run({ requests: 1, base: RAM })
    machine.run()

    expect([device.status, device.counters.completed, device.counters.failed]).toEqual(['done', 1, 0])
  })

  test('ends with the write that takes it away, between two places of a list', () => {
    const { bus, device, dma, machine } = scene(options)
    const remover = mmio('remover', 4n * KiB, { read: () => 0, write: () => void bus.unplug(device) })
    dma.root.add(remover, 0x100_0000_0000n)
    const segments = [
      { iova: 0x100_0000_0000n, bytes: 1 },
      { iova: RAM, bytes: 1 },
    ]

    device.run({ pattern: 'scatter-gather', segments, requests: 5, readPercent: 0 })
    machine.run()

    expect([device.status, device.outstanding, device.counters.started, device.slot]).toEqual(['idle', 0, 0, undefined])
    expect(machine.queue.size).toBe(0)
  })

  test('is idle when it has been unplugged, and where it is plugged next', () => {
    const { bus, device, machine } = scene(options)
    device.run({ requests: 50, base: RAM, outstanding: 8 })
    machine.run({ until: 2n * us })

    bus.unplug(device)
    expect([device.status, machine.queue.size]).toEqual(['idle', 0])
    bus.plug('04.0', device)
    setUp(device)
    device.run({ requests: 2, base: RAM })
    machine.run()

    expect(device.counters).toMatchObject({ completed: 2, failed: 0 })
  })

  test('shows in a trace where it goes and how long its requests take', () => {
    const { device, machine } = scene()
    machine.trace = new Trace()

    device.run({ requests: 2, base: RAM, readPercent: 0 })
    machine.run()

    const seen = [...machine.trace].map(({ time, name, duration, facts }) => [time, name, duration ?? facts?.iova])
    expect(seen).toEqual([
      [0, 'write', '0x1000000'],
      [0, 'request', 1256],
      [1256, 'write', '0x1000000'],
      [1256, 'request', 1256],
    ])
  })
})
