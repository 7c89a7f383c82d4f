/** An event as Chrome's "Trace Event Format" has it. */
type ChromeEvent = Readonly<Record<string, unknown>>

const isTime = (value: unknown): boolean => typeof value === 'number' && Number.isFinite(value) && value >= 0
const isId = (value: unknown): boolean => Number.isInteger(value)
const isText = (value: unknown): boolean => typeof value === 'string' && value !== ''

/** What every event has. */
const COMMON = { ph: isText, name: isText, ts: isTime, pid: isId, tid: isId }

/** What the events of a phase have besides. */
const PHASES: Readonly<Record<string, Readonly<Record<string, (value: unknown) => boolean>>>> = {
  M: { args: (args) => typeof args === 'object' },
  i: { cat: isText, s: (scope) => scope === 't' },
  X: { cat: isText, dur: isTime },
  C: { args: (args) => Object.values(args as object).every((value) => typeof value === 'number') },
  s: { cat: isText, id: isText },
  f: { cat: isText, id: isText, bp: (point) => point === 'e' },
}

/** What an event lacks of what the format requires. */
export function faultsOf(event: ChromeEvent): string[] {
  const phase = PHASES[event.ph as string]
  if (phase === undefined) return [`unknown phase ${event.ph}`]
  const wanted = Object.entries({ ...COMMON, ...phase })
  return wanted.flatMap(([field, isGood]) => (isGood(event[field]) ? [] : [`${field} of ${JSON.stringify(event)}`]))
}

/** The complete events that overlap another one of their thread. */
export function unnested(events: readonly ChromeEvent[]): ChromeEvent[] {
  const ends = new Map<string, number>()
  return events.filter(({ ph, pid, tid, ts, dur }) => {
    if (ph !== 'X') return false
    const thread = `${pid} ${tid}`
    const end = ends.get(thread) ?? 0
    ends.set(thread, Math.max(end, (ts as number) + (dur as number)))
    return (ts as number) < end - 1e-9
  })
}
