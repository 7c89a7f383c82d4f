import { fc } from '@fast-check/vitest'
import { type IommuEvent, Notifier, NotifierFlag, type NotifierForm, type ReplayResult } from '@hostbridge/core/iommu'
import { TceTable } from '@hostbridge/devices/spapr'
import { afterAll, describe, expect, test } from 'vitest'
import { ReplayPool } from '../../src/replay/replay-pool.ts'
import { store, stretches } from './mappings.ts'
import { Scene } from './scene.ts'

const PAGE = 4096n

/** Pools of 0, 1, 2 and 4 workers, with room for so few runs that most shards do not fit. */
const pools = [
  new ReplayPool({ workers: 0, slotRuns: 11 }),
  new ReplayPool({ workers: 1, slotRuns: 64 }),
  new ReplayPool({ workers: 2, slotRuns: 30 }),
  new ReplayPool({ workers: 4 }),
]

afterAll(async () => {
  for (const pool of pools) await pool.close()
})

/** A notifier that writes down all that it hears, and refuses a page here and there. */
function recorder(form: NotifierForm, options: { range?: { start: bigint; last: bigint } } = {}) {
  const log: string[] = []
  const notify = (event: IommuEvent) => {
    log.push(`${event.iova}+${event.size}>${event.translatedAddress} ${event.permission}/${event.shift}`)
    if (event.frame % 7 !== 0) return undefined
    return [{ iova: event.iova, size: event.size, code: 'odd', reason: 'it is a multiple of 7' }]
  }
  return { log, notifier: new Notifier({ flags: NotifierFlag.map, form, notify, ...options }) }
}

describe('a sharded replay', () => {
  test('fills a host table with the bytes of an unsharded one, for 0, 1, 2 and 4 workers', async () => {
    await fc.assert(
      fc.asyncProperty(
        stretches,
        fc.constantFrom('linear' as const, 'radix' as const),
        fc.integer({ min: 100, max: 5000 }),
        fc.constantFrom([PAGE], [PAGE, 2n ** 21n]),
        async (drawn, kind, shardEntries, pageSizes) => {
          const scene = new Scene(kind)
          store(scene, drawn)
          const expected = scene.plug(true, { pageSizes })

          const plugged = pools.map(() => scene.plug(false, { pageSizes }))
          const results: ReplayResult[] = []
          for (const [index, pool] of pools.entries()) {
            results.push(await pool.replayInto(scene.iommu, plugged[index]!.sink, { shardEntries }))
          }

          for (const [index, result] of results.entries()) {
            expect(result).toEqual(expected.device.replay)
            expect(plugged[index]!.bytes.equals(expected.bytes)).toBe(true)
          }
        },
      ),
      { numRuns: 25 },
    )
  })

  test('tells a notifier what an unsharded one tells it, for 0, 1, 2 and 4 workers', async () => {
    await fc.assert(
      fc.asyncProperty(
        stretches,
        fc.constantFrom('linear' as const, 'radix' as const),
        fc.integer({ min: 100, max: 5000 }),
        fc.constantFrom<NotifierForm>('runs', 'entries'),
        fc.record({
          granularity: fc.constantFrom(undefined, 1n, PAGE, 3n * PAGE + 5n, 2n ** 20n, 2n ** 64n),
          access: fc.constantFrom(undefined, 'read' as const, 'write' as const),
        }),
        fc.constantFrom(undefined, { start: 5n * PAGE + 17n, last: 4000n * PAGE + 3n }),
        async (drawn, kind, shardEntries, form, { granularity, access }, range) => {
          const scene = new Scene(kind)
          store(scene, drawn)
          const options = { ...(granularity && { granularity }), ...(access && { access }) }
          const expected = recorder(form, range && { range })
          const result = scene.iommu.replay(expected.notifier, options)

          for (const pool of pools) {
            const heard = recorder(form, range && { range })
            expect(await pool.replay(scene.iommu, heard.notifier, { ...options, shardEntries })).toEqual(result)
            expect(heard.log).toEqual(expected.log)
          }
        },
      ),
      { numRuns: 25 },
    )
  })

  test('replays a window of 2^64 bytes with 1,000 scattered mappings in a few shards', async () => {
    const scene = new Scene('radix')
    for (let index = 0; index < 1000; index++) scene.radix.table.map(index * 4_398_046_511_111, 1, index, 3, 12)
    scene.radix.table.map(2 ** 52 - 1, 1, 0, 3, 12)
    let shards = 0

    const { log, notifier } = recorder('runs')
    const result = await pools[2]!.replay(scene.iommu, notifier, { onProgress: () => shards++ })

    expect(result.events).toBe(1001)
    expect(log.at(-1)).toBe(`${2n ** 64n - PAGE}+4096>0 3/12`)
    expect(shards).toBeLessThan(200)
  })

  test('tells how far it has come, ascending to the whole window', async () => {
    const scene = new Scene('linear')
    for (let page = 0; page < 2 ** 16; page++) scene.linear.set(page, 0, (page << 12) | 3)

    for (const pool of pools.slice(0, 3)) {
      const progress: number[][] = []
      await pool.replay(scene.iommu, new Notifier({ flags: 2, form: 'runs', notify: () => undefined }), {
        shardEntries: 2 ** 14,
        onProgress: (done, total) => progress.push([done, total]),
      })

      expect(
        progress.every(([done = 0, total], index) => total === 2 ** 16 && done >= (progress[index - 1]?.[0] ?? 0)),
      ).toBe(true)
      expect(progress.length).toBeGreaterThanOrEqual(4)
      expect(progress.at(-1)).toEqual([2 ** 16, 2 ** 16])
    }
  })

  test('tells a notifier without the flag for maps nothing', async () => {
    const scene = new Scene('radix')
    scene.radix.table.map(0, 9, 0, 3, 12)
    const notify = () => expect.unreachable()

    const result = await pools[1]!.replay(scene.iommu, new Notifier({ flags: NotifierFlag.unmap, notify }))

    expect(result).toEqual({ events: 0, bytes: 0n, failures: [] })
  })
})

describe('ReplayPool', () => {
  test('has a whole number of workers', () => {
    expect(() => new ReplayPool({ workers: 1.5 })).toThrow(/a pool cannot have 1.5 workers/)
    expect(() => new ReplayPool({ workers: -1 })).toThrow(expect.objectContaining({ code: 'replay.workers' }))
  })

  test('does one replay at a time', async () => {
    const { iommu } = new Scene('radix')
    const { notifier } = recorder('runs')

    const first = pools[2]!.replay(iommu, notifier)
    await expect(pools[2]!.replay(iommu, notifier)).rejects.toMatchObject({ code: 'replay.pool-busy' })
    await first
    await expect(pools[2]!.replay(iommu, notifier)).resolves.toBeDefined()
  })

  test('replays nothing once it is closed', async () => {
    const { iommu } = new Scene('radix')
    const pool = new ReplayPool({ workers: 1 })

    await pool.ready()
    await pool[Symbol.asyncDispose]()

    await expect(pool.replay(iommu, recorder('runs').notifier)).rejects.toMatchObject({ code: 'replay.pool-closed' })
  })

  test('finds nothing in a TCE table without a window, as a replay on this thread does', async () => {
    const tces = new TceTable(7, new Scene('radix').machine.space)

    for (const pool of pools) {
      const { notifier } = recorder('runs')
      expect(await pool.replay(tces, notifier)).toEqual(tces.replay(notifier))
    }
  })
})
