import type { BenchCase, CaseFacts, CaseReport, Suite } from './bench-case.ts'
import { burst, churn, fingerprint, hold, holdHeap, snapshot } from './event-cases.ts'
import { lockstepCase } from './lockstep-windows.ts'
import { machineSnapshot, traceOff } from './machine-cases.ts'
import { systemc } from './systemc.ts'

/** Rounds of SystemC between the samples of a case. */
const ROUNDS = 8

/** The events of SystemC's rows: measured between the samples of this process. */
const measuredBeside = new Map<string, number>()

const KINDS: Readonly<Record<string, (size: number) => Omit<BenchCase, 'clock'>>> = {
  hold,
  churn,
  burst,
  heap: holdHeap,
  snapshot,
  fingerprint,
  'machine-snapshot': machineSnapshot,
  'trace-off': traceOff,
}

/** Those that have no size. */
const SIZELESS = ['fingerprint', 'trace-off']

/** Those that SystemC can do too. */
const COMPARED = ['hold', 'churn', 'burst']

const CASES = [
  'hold/16',
  'hold/100',
  'hold/1000',
  'hold/10000',
  'hold/100000',
  'churn/1000',
  'burst/10000',
  'heap/1000',
  'snapshot/10000',
  'fingerprint',
  'window',
  'phold/1',
  'phold/10',
  'phold/100',
  'machine-snapshot/10000',
  'trace-off',
]

/**
 * The event queue, beside SystemC's kernel where its library is installed: rounds of both take turns, and `ratio` is how
 * many times as long SystemC takes, by the minima.
 */
export const eventsSuite: Suite = {
  name: 'events',
  cases: () => CASES,
  open: async (name, quick = false) => {
    const found = /^([a-z-]+)(?:\/([1-9]\d{0,6}))?$/.exec(name)
    const [, kind = '', size] = found ?? []
    if (kind === 'window' || kind === 'phold') return lockstepCase(kind, size, quick)
    const make = Object.hasOwn(KINDS, kind) ? KINDS[kind] : undefined
    if (make === undefined || (size === undefined) !== SIZELESS.includes(kind)) return undefined
    const open: BenchCase = { ...make(Number(size)), clock: 'cpu' }
    return quick || !COMPARED.includes(kind) ? open : beside(open, kind, Number(size))
  },
  beside: async (cases, quick) => {
    const compared = cases.filter((name) => COMPARED.includes(name.split('/')[0] as string))
    if (quick || compared.length === 0) return []
    if ((await systemc()) === undefined) return [{ name: 'systemc_events.cpp', baseline: 'not built' }]
    return compared.map((name): CaseReport => {
      const ns = measuredBeside.get(name)
      return { name: `systemc_events.cpp/${name}`, ...(ns !== undefined && { ns }), unit: 'event', baseline: 'SystemC' }
    })
  },
}

async function beside(open: BenchCase, kind: string, size: number): Promise<BenchCase> {
  const measure = await systemc()
  if (measure === undefined) return open
  const [every, name] = [5, `${kind}/${size}`]
  let sample = 0
  let least = Number.POSITIVE_INFINITY
  return {
    ...open,
    minSamples: ROUNDS * every,
    prepare() {
      if (sample++ % every !== 0 || sample > ROUNDS * every) return
      least = Math.min(least, measure(kind, size))
      measuredBeside.set(name, least)
    },
    facts: (ns, min): CaseFacts => ({
      ...open.facts?.(ns, min),
      systemcNs: Number(least.toFixed(1)),
      ratio: Number((least / min).toFixed(2)),
    }),
  }
}
