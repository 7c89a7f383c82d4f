import { LineFault, LineFields, shorten } from './line-fields.ts'
import type { TraceEvent } from './trace-event.ts'

/** How many fields each event has, its time and its name among them; an indirect has its TCEs beside these. */
const FIELDS: ReadonlyMap<string, number> = new Map<TraceEvent['kind'], number>([
  ['enable', 6],
  ['disable', 3],
  ['put', 5],
  ['indirect', 5],
  ['stuff', 6],
  ['xlate', 5],
  ['checkpoint', 5],
])

const LAST_32 = 0xffffffff

/** The most TCEs that one indirect can carry: one 4 KiB page. */
const INDIRECT_LIMIT = 512

/**
 * Reads one line of a trace.
 *
 * @throws LineFault at the first field that is not as the format says; that their number is wrong comes first.
 */
export function parseLine(text: string, line: number): TraceEvent {
  const fields = new LineFields(text)
  let event: TraceEvent
  try {
    event = parseFields(fields, line)
  } catch (cause) {
    throw cause instanceof LineFault ? (wrongCount(text) ?? cause) : cause
  }
  if (!fields.atEnd) throw wrongCount(text) ?? new LineFault('more fields than the event has')
  return event
}

function parseFields(fields: LineFields, line: number): TraceEvent {
  const time = fields.decimal('time', Number.MAX_SAFE_INTEGER)
  const kind = fields.word()
  const liobn = fields.hexadecimal32('LIOBN')
  switch (kind) {
    case 'enable':
      return { kind, time, line, liobn, ...geometry(fields) }
    case 'disable':
      return { kind, time, line, liobn }
    case 'put':
      return { kind, time, line, liobn, ioba: fields.hexadecimal('ioba'), tce: fields.hexadecimal('TCE') }
    case 'indirect':
      return { kind, time, line, liobn, ioba: fields.hexadecimal('ioba'), tces: list(fields) }
    case 'stuff': {
      const ioba = fields.hexadecimal('ioba')
      const tce = fields.hexadecimal('TCE')
      return { kind, time, line, liobn, ioba, tce, count: fields.decimal('count', LAST_32) }
    }
    case 'xlate':
      return { kind, time, line, liobn, ioba: fields.hexadecimal('ioba'), access: access(fields) }
    case 'checkpoint': {
      const count = fields.decimal('count', LAST_32)
      const hash = fields.hexadecimal('hash').toString(16).padStart(16, '0')
      return { kind, time, line, liobn, count, hash }
    }
    default:
      throw new LineFault(`unknown event '${shorten(kind)}'`)
  }
}

function geometry(fields: LineFields): { pageShift: number; busOffset: bigint; entries: number } {
  const pageShift = fields.decimal('page shift', 63)
  if (pageShift < 12) throw new LineFault(`page shift ${pageShift} is below 12`)
  const busOffset = fields.hexadecimal('bus offset')
  const entries = fields.hexadecimal32('number of entries')
  if (entries === 0) throw new LineFault('a window of 0 entries')
  return { pageShift, busOffset, entries }
}

function list(fields: LineFields): bigint[] {
  const count = fields.decimal('count', INDIRECT_LIMIT)
  return Array.from({ length: count }, () => fields.hexadecimal('TCE'))
}

function access(fields: LineFields): number {
  const word = fields.word()
  if (word !== '1' && word !== '2') throw new LineFault(`access '${shorten(word)}' is neither 1 (read) nor 2 (write)`)
  return Number(word)
}

/** The fault of a line whose event is missing or unknown, or has another number of fields than it should. */
function wrongCount(text: string): LineFault | undefined {
  const words = text.split(' ')
  const kind = words[1] ?? ''
  if (kind === '') return new LineFault('no event')
  const fixed = FIELDS.get(kind)
  if (fixed === undefined) return new LineFault(`unknown event '${shorten(kind)}'`)
  const tces =
    kind === 'indirect' && words.length >= fixed ? new LineFields(words[4] ?? '').decimal('count', INDIRECT_LIMIT) : 0
  return words.length === fixed + tces
    ? undefined
    : new LineFault(`${kind} has ${words.length} fields, not ${fixed + tces}`)
}
