import { HostbridgeError } from '../errors.ts'
import { TRACE_CATEGORIES, type TraceCategory, type TraceRecord } from './trace-record.ts'

/** Which records are wanted; what is left out wants all. */
export interface TraceFilter {
  /** Patterns of paths: `*` stands for any characters but `/`, `**` for any. */
  readonly devices?: readonly string[]
  readonly categories?: readonly TraceCategory[]
  /** First and last instant, in ticks. */
  readonly from?: number
  readonly to?: number
}

/** Makes a filter a question about a record. */
export function compileFilter(filter: TraceFilter): (record: TraceRecord) => boolean {
  const { devices, categories, from = 0, to = Number.POSITIVE_INFINITY } = filter
  const patterns = devices?.map(patternOf)
  return ({ time, category, device }) =>
    time >= from &&
    time <= to &&
    (categories === undefined || categories.includes(category)) &&
    (patterns === undefined || patterns.some((pattern) => pattern.test(device)))
}

/**
 * Reads a filter as one writes it: terms with blanks between, each once, `device=GLOB[,GLOB]`, `category=NAME[,NAME]` or
 * `time=FROM..TO` in ticks or with a unit (`5us..2ms`), either of which may lack. The device `-` is the machine itself, as in a
 * text log.
 *
 * @throws HostbridgeError `trace.filter` naming the term that is none, that comes twice, or that ends before it begins.
 */
export function parseFilter(text: string): TraceFilter {
  let filter: TraceFilter = {}
  const seen = new Set<string>()
  for (const term of text.split(/\s+/).filter((word) => word !== '')) {
    const [, key = '', value = ''] = /^(\w+)=(.+)$/.exec(term) ?? []
    const values = value.split(',')
    const range = /^(\d+(?:ns|us|ms|s)?)?\.\.(\d+(?:ns|us|ms|s)?)?$/.exec(value)
    if (seen.has(key)) throw notATerm(term, `there is a term ${key}= before it: give several with commas between`)
    seen.add(key)
    if (key === 'device') filter = { ...filter, devices: values.map((glob) => (glob === '-' ? '' : glob)) }
    else if (key === 'category' && values.every(isCategory)) filter = { ...filter, categories: values }
    else if (key === 'time' && range !== null) {
      const [, from, to] = range
      filter = { ...filter, ...(from && { from: ticksOf(from) }), ...(to && { to: ticksOf(to) }) }
      if ((filter.from ?? 0) > (filter.to ?? Number.POSITIVE_INFINITY)) throw notATerm(term, 'it ends before it begins')
    } else {
      throw notATerm(term, WAYS)
    }
  }
  return filter
}

const WAYS: string = `write device=GLOB, category=${TRACE_CATEGORIES.join('|')}, or time=FROM..TO`

function notATerm(term: string, why: string): HostbridgeError {
  return new HostbridgeError('trace.filter', `'${term}' is no term of a filter: ${why}`, { term })
}

function isCategory(word: string): word is TraceCategory {
  return (TRACE_CATEGORIES as readonly string[]).includes(word)
}

const UNITS: Readonly<Record<string, number>> = { '': 1, ns: 1, us: 1e3, ms: 1e6, s: 1e9 }

function ticksOf(text: string): number {
  const [, digits = '', unit = ''] = /^(\d+)(\w*)$/.exec(text) ?? []
  return Number(digits) * (UNITS[unit] ?? 1)
}

function patternOf(glob: string): RegExp {
  const parts = glob.split(/(\*\*|\*)/).map((part) => {
    if (part === '**') return '.*'
    if (part === '*') return '[^/]*'
    return part.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&')
  })
  return new RegExp(`^${parts.join('')}$`)
}
