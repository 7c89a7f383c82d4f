import { extname } from 'node:path'
import { Lockstep } from '@hostbridge/parallel'
import type { BenchCase } from './bench-case.ts'
import { wallTime } from './clock.ts'
import { type PholdOptions, work } from './lockstep-domains.worker.ts'

const MODULE = new URL(`./lockstep-domains.worker${extname(import.meta.url)}`, import.meta.url).href

/** Ticks of a window. */
const LOOKAHEAD = 1000

/** Samples at least: a minimum on two threads needs an instant at which both processors are left alone. */
const ROUNDS = 150

/** What an event of PHOLD works, in ms. */
const WORK = 0.0005

/**
 * `window` is a lockstep window of two domains on two workers in which nothing happens but one event, without which there would
 * be no window; `phold/N` has N events of 0.5 µs in each domain and window on two workers, and tells how many times as long one
 * thread takes, in turns with it.
 */
export async function lockstepCase(kind: string, size?: string, quick = false): Promise<BenchCase | undefined> {
  if ((kind === 'phold') !== (size !== undefined)) return undefined
  return size === undefined ? await windows(quick ? 500 : 4000) : await phold(Number(size), quick)
}

async function windows(count: number): Promise<BenchCase> {
  const lockstep = await open('ticking', [LOOKAHEAD, 0], 2)
  let until = 0n
  let met = 0
  return {
    unit: 'window',
    units: count,
    clock: 'wall',
    minSamples: ROUNDS,
    async run() {
      until += BigInt(count * LOOKAHEAD)
      met = (await lockstep.run({ until })).windows
    },
    check() {
      // The last one finds nothing up to the end.
      if (met !== count + 1) throw new Error(`${met} windows were run, not ${count + 1}`)
    },
    close: () => lockstep.close(),
  }
}

async function phold(perWindow: number, quick: boolean): Promise<BenchCase> {
  // A token waits one and a half windows on average.
  const options: PholdOptions = { tokens: Math.ceil(perWindow * 1.5), lookahead: LOOKAHEAD, rounds: roundsOfWork() }
  const serial = await open('phold', [options, options], 0)
  const parallel = await open('phold', [options, options], 2)
  const events = quick ? 1000 : 8000
  const slice = BigInt(Math.ceil(events / (2 * perWindow)) * LOOKAHEAD)
  let until = 0n
  let serialEvents = 0
  let parallelEvents = 0
  const least = { serial: Number.POSITIVE_INFINITY, parallel: Number.POSITIVE_INFINITY }
  return {
    unit: 'event',
    units: events,
    clock: 'wall',
    minSamples: ROUNDS,
    async prepare() {
      until += slice
      const start = wallTime()
      serialEvents = (await serial.run({ until })).events
      least.serial = Math.min(least.serial, (wallTime() - start) / serialEvents)
    },
    async run() {
      const start = wallTime()
      parallelEvents = (await parallel.run({ until })).events
      least.parallel = Math.min(least.parallel, (wallTime() - start) / parallelEvents)
    },
    check() {
      if (parallelEvents !== serialEvents) throw new Error('the workers have served other events than one thread')
    },
    facts: () => ({ eventsPerWindow: 2 * perWindow, speedUp: least.serial / least.parallel }),
    async close() {
      await serial.close()
      await parallel.close()
    },
  }
}

function open(exported: string, args: readonly unknown[], workers: number): Promise<Lockstep> {
  const domains = ['a', 'b'].map((name, index) => ({ name, module: MODULE, export: exported, args: args[index] }))
  return Lockstep.open({ domains, links: [{ name: 'wire', ends: ['a', 'b'], latency: BigInt(LOOKAHEAD) }], workers })
}

/** How many rounds of arithmetic take half a microsecond here. */
function roundsOfWork(): number {
  const rounds = 1e6
  let least = Number.POSITIVE_INFINITY
  for (let attempt = 0, seed = 1; attempt < 7; attempt++) {
    const start = wallTime()
    seed = work(rounds, seed)
    least = Math.min(least, wallTime() - start)
  }
  return Math.max(1, Math.round((WORK / least) * rounds))
}
