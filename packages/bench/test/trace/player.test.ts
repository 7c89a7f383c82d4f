import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { MiB } from '@hostbridge/core/address'
import { Notifier, NotifierFlag } from '@hostbridge/core/iommu'
import { MemTx } from '@hostbridge/core/memory'
import { DmaEngine } from '@hostbridge/devices/endpoints'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { playTrace, TracePlayer } from '../../src/trace/player.ts'

const TRACES = new URL('../../../../reference/traces/', import.meta.url).pathname
const DDW = join(TRACES, 'pseries-linux-6.12-ddw.trace.gz')
const DYNAMIC = join(TRACES, 'pseries-linux-6.12-dynamic.trace.gz')

let folder = ''
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'hostbridge-player-'))
})
afterAll(() => {
  rmSync(folder, { recursive: true })
})

function trace(...lines: string[]): string {
  const path = join(folder, 'made.trace.gz')
  writeFileSync(path, gzipSync(`${lines.join('\n')}\n`))
  return path
}

describe('a recorded trace, played', () => {
  it('matches every checkpoint and lets every translation through', async () => {
    const ddw = await playTrace(DDW)
    const dynamic = await playTrace(DYNAMIC)

    expect(ddw).toMatchObject({ file: DDW, events: 87162, checkpoints: 8, matched: 8, translations: 86639, faults: 0 })
    expect(dynamic).toMatchObject({ events: 183123, checkpoints: 32, matched: 32, translations: 116978, faults: 0 })
  })

  it('faults at every translation when puts and indirects are left out', async () => {
    const ddw = await playTrace(DDW, { withoutPuts: true })
    const dynamic = await playTrace(DYNAMIC, { withoutPuts: true })

    expect([ddw.faults, dynamic.faults]).toEqual([86639, 116978])
    expect(dynamic.matched).toBe(0)
  })

  it('ends, with dynamic windows, in one run of 128 entries of 16 MiB from 0 to 0', async () => {
    const player = new TracePlayer()
    await player.play(DDW)
    const runs: unknown[] = []
    const notifier = new Notifier({
      flags: NotifierFlag.map,
      form: 'runs',
      notify: ({ iova, size, translatedAddress, permission, shift }) => {
        runs.push({ iova, size, translatedAddress, permission, shift })
      },
    })

    const result = player.phb.window64?.replay(notifier)

    expect(player.phb.window64?.liobn).toBe(0x80000001)
    expect(runs).toEqual([{ iova: 0n, size: 128n * 16n * MiB, translatedAddress: 0n, permission: 3, shift: 24 }])
    expect(result).toEqual({ events: 1, bytes: 2048n * MiB, failures: [] })
  })

  it('happens in virtual time, and hands the machine over at each checkpoint', async () => {
    const times: bigint[] = []

    await playTrace(DDW, {
      onCheckpoint: (machine, phb, { recorded, matched, table }) => {
        const engine = phb.plug('00:05.0', new DmaEngine())
        times.push(machine.now)

        expect(BigInt(recorded.time)).toBe(machine.now)
        expect(matched).toBe(true)
        expect(table).toBe(phb.window)
        expect(engine.write(0n, new Uint8Array(4))).toBe(MemTx.decodeError)
        phb.unplug(engine)
      },
    })

    expect(times).toHaveLength(8)
    expect(times[0]).toBe(10318887758n)
  })

  it('keeps one event of the trace in the queue', async () => {
    const waiting: number[] = []
    const player = new TracePlayer({ onCheckpoint: (machine) => waiting.push(machine.queue.size) })

    await player.play(DDW)

    expect(new Set(waiting)).toEqual(new Set([0]))
    expect(player.machine.queue.size).toBe(0)
  })

  it('lets other events of the machine happen between, in order of time', async () => {
    const player = new TracePlayer()
    const seen: string[] = []
    player.machine.at(15n, () => seen.push(`15: ${player.phb.hypercalls.getTce(0x80000000, 0n).tce}`))
    player.machine.at(25n, () => seen.push('25'))

    await player.play(trace('10 put 80000000 0 1003', '20 xlate 80000000 0 1'))

    expect(seen).toEqual(['15: 4099'])
    expect(player.machine.now).toBe(20n)
  })

  it('counts a checkpoint that does not match', async () => {
    const file = trace('1 checkpoint 80000000 1 cbf29ce484222325', '2 checkpoint 80000000 0 cbf29ce484222325')

    expect(await playTrace(file)).toMatchObject({ checkpoints: 2, matched: 1 })
  })

  it('ends where a hook stops the machine', async () => {
    const player = new TracePlayer({ onCheckpoint: (machine) => machine.stop('seen enough') })

    const result = await player.play(DDW)

    expect(result).toMatchObject({ checkpoints: 1, matched: 1 })
    expect(player.machine.now).toBe(10318887758n)
    expect(player.machine.queue.size).toBe(0)
  })

  it('ends when its signal is aborted', async () => {
    const controller = new AbortController()

    const playing = playTrace(DYNAMIC, { signal: controller.signal, onProgress: () => controller.abort() })

    await expect(playing).rejects.toThrow('abort')
  })
})

describe('a trace that cannot have been recorded', () => {
  it('is damaged, with file and line', async () => {
    const file = trace('0 stuff 80000000 0 0 1', '1 put 80000000 40000000 3')

    await expect(playTrace(file)).rejects.toMatchObject({ code: 'trace.damaged', facts: { file, line: 2 } })
  })
})
