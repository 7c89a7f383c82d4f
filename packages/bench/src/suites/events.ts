import type { BenchCase, CaseFacts, CaseReport, Suite } from './bench-case.ts'
import { burst, churn, fingerprint, hold, holdClosures, holdHeap, snapshot } from './event-cases.ts'
import { lockstepCase } from './lockstep-windows.ts'
import { machineSnapshot, traceOff } from './machine-cases.ts'
import { systemc } from './systemc.ts'

/** Rounds of SystemC between the samples of a case. */
const ROUNDS = 12

const KINDS: Readonly<Record<string, (size: number) => Omit<BenchCase, 'clock'>>> = {
  hold,
  'hold-closures': holdClosures,
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

/** Those that SystemC can do too, and what its program calls them. */
const COMPARED: ReadonlyMap<string, string> = new Map([
  ['hold', 'hold'],
  ['hold-closures', 'hold'],
  ['churn', 'churn'],
  ['burst', 'burst'],
])

const CASES = [
  'hold/16',
  'hold/100',
  'hold/1000',
  'hold/10000',
  'hold/100000',
  'hold-closures/1000',
  'hold-closures/100000',
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
    const compared = besideOf(name)
    return quick || compared === undefined ? open : beside(open, compared)
  },
  // Those on workers have threads of their own, and two processors.
  isApart: (name) => !/^(window|phold)/.test(name),
  ready: systemc,
  beside: async (measured, quick) => {
    if (quick || !measured.some(({ name }) => besideOf(name) !== undefined)) return []
    if ((await systemc()) === undefined) return [{ name: 'systemc_events.cpp', baseline: 'not built' }]
    const rows = new Map<string, CaseReport>()
    for (const { name, systemcNs } of measured) {
      const [baseline, ns] = [besideOf(name), Number(systemcNs)]
      if (baseline === undefined || ns >= (rows.get(baseline)?.ns ?? Number.POSITIVE_INFINITY)) continue
      rows.set(baseline, { name: `systemc_events.cpp/${baseline}`, ns, unit: 'event', baseline: 'SystemC' })
    }
    return [...rows.values()]
  },
}

/** The baseline's case for one of ours: `hold/16` for `hold-closures/16`. */
function besideOf(name: string): string | undefined {
  const [kind = '', size] = name.split('/')
  const test = COMPARED.get(kind)
  return test && `${test}/${size}`
}

async function beside(open: BenchCase, name: string): Promise<BenchCase> {
  const measure = await systemc()
  if (measure === undefined) return open
  const [test = '', size] = name.split('/')
  const every = 8
  let sample = 0
  let least = Number.POSITIVE_INFINITY
  return {
    ...open,
    minSamples: ROUNDS * every,
    prepare() {
      if (sample++ % every !== 0 || sample > ROUNDS * every) return
      least = Math.min(least, measure(test, Number(size)))
    },
    facts: (ns, min): CaseFacts => ({
      ...open.facts?.(ns, min),
      systemcNs: Number(least.toFixed(1)),
      ratio: Number((least / min).toFixed(2)),
    }),
  }
}
