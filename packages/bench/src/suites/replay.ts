import { HostbridgeError } from '@hostbridge/core'
import { Notifier, NotifierFlag } from '@hostbridge/core/iommu'
import { readEntries } from '../kernel/read-entries.ts'
import { scanKernel } from '../kernel/scan-kernel.ts'
import { LINEAR_KERNEL } from '../replay/open-runs.ts'
import { ReplayPool } from '../replay/replay-pool.ts'
import { replayLoopBaseline } from './baseline.ts'
import type { BenchCase, CaseReport, Suite } from './bench-case.ts'
import { wallTime } from './clock.ts'
import { measure } from './measure.ts'
import { PATTERNS, type Pattern, PatternTable } from './replay-tables.ts'
import { scattered } from './scattered.ts'

const LOGS = [20, 22, 24, 26]
const WORKERS = [0, 1, 2]

/** Larger tables would take more than one shared memory of 1 GiB. */
const MAX_LOG = 27

/** The loop in C takes a second for each pattern of 2^26 pages: a short run has it do fewer. */
const QUICK_BASELINE_LOG = 22

/** A sample takes about so many ms, or {@link MAX_REPEATS} replays. */
const SAMPLE_MS = 40
const MAX_REPEATS = 1024

/** The table of the last case: the next one with the same pattern and size goes on with it, any other lets go of it. */
let held: PatternTable | undefined

/**
 * Replay of a TCE table of 2^log entries to a notifier that takes merged runs: `pattern/log/workers`; and reading such a table
 * once, `read-limit/log`, which no replay that looks at every entry can beat on one thread. `scattered/N` replays a window of
 * 2^64 bytes with N mappings.
 */
export const replaySuite: Suite = {
  name: 'replay',
  cases: (quick) => {
    if (quick) {
      const small = PATTERNS.flatMap((pattern) => [0, 2].map((workers) => `${pattern}/20/${workers}`))
      return [...small, 'dense/22/0', 'scattered/1000']
    }
    const tables = PATTERNS.flatMap((pattern) => LOGS.map((log) => `${pattern}/${log}`))
    return [...tables.flatMap((table) => WORKERS.map((workers) => `${table}/${workers}`)), 'scattered/1000']
  },
  open: (name) => {
    const mappings = /^scattered\/([1-9]\d{0,5})$/.exec(name)?.[1]
    if (mappings !== undefined) return scattered(Number(mappings))
    const { pattern, log, workers } = /^(?<pattern>[a-z-]+)\/(?<log>\d+)(?:\/(?<workers>\d))?$/.exec(name)?.groups ?? {}
    if (!(Number(log) >= 9 && Number(log) <= MAX_LOG)) return undefined
    if (pattern === 'read-limit') return workers === undefined ? readLimit(Number(log)) : undefined
    const known = PATTERNS.find((candidate) => candidate === pattern)
    return known === undefined || workers === undefined ? undefined : replay(known, Number(log), Number(workers))
  },
  beside: async (measured, quick, signal) => {
    const cases = measured.map(({ name }) => name)
    const tables = cases.filter((name) => !name.startsWith('scattered/'))
    const logs = [...new Set(tables.map((name) => Number(name.split('/')[1])))].sort((a, b) => b - a)
    const reports: CaseReport[] = []
    for (const name of logs.map((log) => `read-limit/${log}`)) {
      if (!cases.includes(name))
        reports.push(
          await measure(name, await readLimit(Number(name.split('/')[1])), { quick, ...(signal && { signal }) }),
        )
    }
    held = undefined
    const [largest] = logs
    if (largest === undefined) return reports
    return [...reports, ...(await replayLoopBaseline(quick ? Math.min(largest, QUICK_BASELINE_LOG) : largest, signal))]
  },
}

async function replay(pattern: Pattern, log: number, workers: number): Promise<BenchCase> {
  const table = tableOf(pattern, log)
  const pool = new ReplayPool({ workers })
  let runs = 0
  let pages = 0
  const notifier = new Notifier({
    name: 'counter',
    flags: NotifierFlag.map,
    form: 'runs',
    notify: (event) => {
      runs++
      pages += event.frames
      return undefined
    },
  })
  await pool.ready()
  const replays = await repeatsOf(() => {
    table.changeOne()
    return pool.replay(table.iommu, notifier)
  })
  return {
    unit: 'page',
    units: table.entries * replays,
    clock: workers === 0 ? 'cpu' : 'wall',
    prepare: () => table.changeOne(),
    async run() {
      runs = 0
      pages = 0
      for (let count = 0; count < replays; count++) await pool.replay(table.iommu, notifier)
    },
    check: () => table.check(runs / replays, pages / replays),
    facts: (ns) => ({
      ...throughput(ns),
      runs: table.runs,
      kernel: LINEAR_KERNEL,
      // What is empty is not read: its blocks are skipped by their counts.
      ...(pattern === 'empty' && { skips: 'empty blocks' }),
    }),
    close: () => pool.close(),
  }
}

/**
 * How often to do something for one sample: the clock of CPU time moves on in steps of some milliseconds on many hosts, so
 * that samples have to be long.
 */
async function repeatsOf(work: () => unknown): Promise<number> {
  let slowest = 0
  for (let attempt = 0; attempt < 3; attempt++) {
    const start = wallTime()
    await work()
    // The first attempt also compiles.
    if (attempt > 0) slowest = Math.max(slowest, wallTime() - start)
  }
  return Math.min(Math.max(Math.ceil(SAMPLE_MS / slowest), 1), MAX_REPEATS)
}

async function readLimit(log: number): Promise<BenchCase> {
  const { table, entries } = tableOf('dense', log)
  const [segment] = table.source().segments
  if (segment === undefined) throw new HostbridgeError('bench.case', `read-limit/${log} has no memory to read`)
  const read = readEntries(segment, scanKernel())
  const reads = await repeatsOf(read)
  let found = false
  return {
    unit: 'page',
    units: entries * reads,
    clock: 'cpu',
    run() {
      for (let count = 0; count < reads; count++) found = read()
    },
    check() {
      if (!found) throw new HostbridgeError('bench.case', `read-limit/${log} read a table that is empty`)
    },
    facts: (ns) => ({ ...throughput(ns), kernel: LINEAR_KERNEL }),
  }
}

function throughput(ns: number): { readonly pagesPerSecond: number; readonly tableGBps: number } {
  return { pagesPerSecond: Math.round(1e9 / ns), tableGBps: 8 / ns }
}

/** Lets go of the held table before it makes another: the largest are not there twice. */
function tableOf(pattern: Pattern, log: number): PatternTable {
  if (held?.pattern === pattern && held.log === log) return held
  held = undefined
  held = new PatternTable(pattern, log)
  return held
}
