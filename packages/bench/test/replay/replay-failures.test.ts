import { setTimeout } from 'node:timers/promises'
import type { Worker } from 'node:worker_threads'
import { HostbridgeError } from '@hostbridge/core'
import { Notifier } from '@hostbridge/core/iommu'
import type { RefusedRun } from '@hostbridge/core/memory'
import { PlugRefusedError } from '@hostbridge/devices/vfio'
import { afterAll, describe, expect, onTestFinished, test } from 'vitest'
import { ReplayPool } from '../../src/replay/replay-pool.ts'
import { Poison, WALKING } from './dying.worker.ts'
import { type Plugged, Scene } from './scene.ts'

const SHARD = 1024
const PAGES = 2 ** 14

/** Pages that a host has mapped before the replay: the first of the space. */
const OLDER = 40

const pools = {
  local: new ReplayPool({ workers: 0 }),
  two: new ReplayPool({ workers: 2 }),
  dying: new ReplayPool({ workers: 2, worker: new URL('./dying.worker.ts', import.meta.url) }),
}

afterAll(async () => {
  for (const pool of Object.values(pools)) await pool.close()
})

/** A guest with every second page mapped, and a host that has some older mappings in its table already. */
function scene(poisoned?: { page: number; by: number }, maxEntries = Infinity): { scene: Scene; plugged: Plugged } {
  const guest = new Scene('linear', PAGES)
  for (let page = 0; page < OLDER; page++) guest.linear.set(page, 0, ((page + 70) << 12) | 3)
  const plugged = guest.plug(true, { maxEntries: Math.max(maxEntries, OLDER) })
  for (let page = 0; page < PAGES; page++) guest.linear.set(page, 0, page % 2 === 0 ? 0 : (page << 12) | 3)
  if (poisoned !== undefined) guest.linear.set(poisoned.page, 0, (poisoned.by << 12) | 3)
  return { scene: guest, plugged }
}

async function failureOf(replay: Promise<unknown>): Promise<HostbridgeError> {
  const error = await replay.then(
    () => new Error('nothing failed'),
    (reason: unknown) => reason,
  )
  expect(error).toBeInstanceOf(HostbridgeError)
  return error as HostbridgeError
}

/** What a plug that is refused says that the host cannot map. */
function refusedOf(plug: () => unknown): readonly RefusedRun[] {
  try {
    plug()
  } catch (error) {
    if (error instanceof PlugRefusedError) return error.refused
    throw error
  }
  return expect.unreachable()
}

/** A run without its reason, which tells the limit. */
function withoutReason({ iova, size, code }: RefusedRun): Omit<RefusedRun, 'reason'> {
  return { iova, size, code }
}

describe('a worker that dies', () => {
  test.each([
    ['exits', Poison.exit, /worker exited with code: 3/],
    ['throws', Poison.throw, /a poisoned page/],
    ['throws where nobody catches', Poison.late, /thrown where nobody catches/],
  ])('when it %s: names the shard, leaves the host table as it was and the pool usable', async (_, by, message) => {
    for (const shard of [0, 6, PAGES / SHARD - 1]) {
      const { scene: guest, plugged } = scene({ page: shard * SHARD + 601, by })
      const before = plugged.bytes

      const error = await failureOf(pools.dying.replayInto(guest.iommu, plugged.sink, { shardEntries: SHARD }))

      expect(error).toMatchObject({
        code: 'replay.shard-failed',
        facts: { start: BigInt(shard * SHARD) << 12n, last: (BigInt((shard + 1) * SHARD) << 12n) - 1n },
      })
      expect(error.message).toContain(`0x${(shard * SHARD * 4096).toString(16)}`)
      expect(error.message).toMatch(message)
      expect(error.cause).toBeInstanceOf(Error)
      expect(plugged.bytes.equals(before)).toBe(true)

      guest.linear.set(shard * SHARD + 601, 0, 0)
      const again = await pools.dying.replayInto(guest.iommu, plugged.sink, { shardEntries: SHARD })
      expect(again).toMatchObject({ events: PAGES / 2 - 1, failures: [] })
    }
  })

  test('in the middle of a shard, killed from outside: names the shard, leaves the host table as it was', async () => {
    const shard = 6
    const { scene: guest, plugged } = scene({ page: shard * SHARD + 601, by: Poison.stuck })
    const before = plugged.bytes
    const threads = new Map<number, Worker>()
    const keep = (worker: Worker): unknown => threads.set(worker.threadId, worker)
    process.on('worker', keep)
    await using pool = new ReplayPool({ workers: 2, worker: new URL('./dying.worker.ts', import.meta.url) })
    await pool.ready()
    process.off('worker', keep)
    const channel = new BroadcastChannel(WALKING)
    onTestFinished(() => channel.close())
    const killed = new Promise<number | undefined>((resolve) => {
      channel.onmessage = ({ data }: { data: number }) => resolve(threads.get(data)?.terminate())
    })

    const error = await failureOf(pool.replayInto(guest.iommu, plugged.sink, { shardEntries: SHARD }))

    expect(await killed).toBe(1)
    expect(error).toMatchObject({
      code: 'replay.shard-failed',
      facts: { start: BigInt(shard * SHARD) << 12n, last: (BigInt((shard + 1) * SHARD) << 12n) - 1n },
    })
    expect(error.message).toMatch(/worker exited with code: 1/)
    expect(plugged.bytes.equals(before)).toBe(true)
  })

  test('cannot even start: every replay is told, and none waits for ever', async () => {
    await using pool = new ReplayPool({ workers: 2, worker: new URL('./missing.worker.ts', import.meta.url) })
    const { scene: guest, plugged } = scene()
    const before = plugged.bytes

    await expect(pool.ready()).rejects.toMatchObject({ code: 'replay.worker-start' })
    for (let attempt = 0; attempt < 3; attempt++) {
      const error = await failureOf(pool.replayInto(guest.iommu, plugged.sink))
      expect(error.code).toBe('replay.shard-failed')
      expect(error.message).toContain('missing.worker.ts')
      await setTimeout(attempt * 20)
    }

    expect(plugged.bytes.equals(before)).toBe(true)
  })

  test('because its pool is closed', async () => {
    const pool = new ReplayPool({ workers: 1 })
    const { scene: guest, plugged } = scene()
    const before = plugged.bytes

    const replay = failureOf(
      pool.replayInto(guest.iommu, plugged.sink, { shardEntries: SHARD, onProgress: () => void pool.close() }),
    )

    expect((await replay).code).toBe('replay.shard-failed')
    expect(plugged.bytes.equals(before)).toBe(true)
  })
})

describe.each(['local', 'two'] as const)('a replay by %s workers', (kind) => {
  const pool = pools[kind]

  test('that is aborted at half rejects with the reason and leaves the host table as it was', async () => {
    const { scene: guest, plugged } = scene()
    const before = plugged.bytes
    const abort = new AbortController()
    const reason = new Error('enough', { cause: 'half is done' })
    let shards = 0

    const replay = pool.replayInto(guest.iommu, plugged.sink, {
      shardEntries: SHARD,
      signal: abort.signal,
      onProgress: (done, total) => {
        shards++
        if (done >= total / 2) abort.abort(reason)
      },
    })

    await expect(replay).rejects.toBe(reason)
    expect(shards).toBe(PAGES / SHARD / 2)
    expect(plugged.bytes.equals(before)).toBe(true)
    expect(await pool.replayInto(guest.iommu, plugged.sink)).toMatchObject({ events: PAGES / 2, failures: [] })
  })

  test('that is aborted from outside ends between two shards', async () => {
    const { scene: guest, plugged } = scene()
    const before = plugged.bytes
    const abort = new AbortController()
    let progress = 0

    const replay = pool.replayInto(guest.iommu, plugged.sink, {
      shardEntries: 8,
      signal: abort.signal,
      onProgress: () => progress++,
    })
    setImmediate(() => setImmediate(() => abort.abort()))

    await expect(replay).rejects.toThrow(/aborted/)
    expect(progress).toBeLessThan(PAGES / 8)
    expect(plugged.bytes.equals(before)).toBe(true)
  })

  test('that is aborted already touches nothing', async () => {
    const { scene: guest, plugged } = scene()
    const notifier = new Notifier({ flags: 2, notify: () => expect.unreachable() })
    const signal = AbortSignal.abort(new Error('too late'))

    await expect(pool.replay(guest.iommu, notifier, { signal })).rejects.toThrow('too late')
    await expect(pool.replayInto(guest.iommu, plugged.sink, { signal })).rejects.toThrow('too late')
    plugged.sink.begin()
    plugged.sink.rollback()
  })

  test.each([41, 1000, PAGES / 2 - 1])(
    'that exceeds the limit of %i host entries keeps nothing of it',
    async (limit) => {
      const { scene: guest, plugged } = scene(undefined, limit)
      const before = plugged.bytes

      const result = await pool.replayInto(guest.iommu, plugged.sink, { shardEntries: SHARD })

      // The older mappings of even pages stay: they take up entries below the limit, and odd pages follow until it.
      const fitting = limit - OLDER / 2
      const refused = refusedOf(() => guest.plug(true, { maxEntries: fitting }))
      expect(result.failures[0]).toMatchObject({ iova: BigInt(2 * fitting + 1) << 12n, code: 'limit' })
      expect(result.failures.map(withoutReason)).toEqual(refused.map(withoutReason))
      expect(plugged.bytes.equals(before)).toBe(true)
      expect(plugged.entries).toBe(OLDER)
    },
  )

  test('passes on what a notifier throws, when nobody is at work any more', async () => {
    const { scene: guest } = scene()
    let events = 0
    const notify = () => {
      if (++events === 3000) throw new Error('a mistake of the composer')
      return undefined
    }

    await expect(pool.replay(guest.iommu, new Notifier({ flags: 2, notify }), { shardEntries: SHARD })).rejects.toThrow(
      'a mistake of the composer',
    )
    expect(events).toBe(3000)
  })
})
