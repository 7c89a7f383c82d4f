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
  s: { cat: isText, id: isId },
  f: { cat: isText, id: isId, bp: (point) => point === 'e' },
}

/** What an event lacks of what the format requires. */
export function faultsOf(event: ChromeEvent): string[] {
  const phase = PHASES[event.ph as string]
  if (phase === undefined) return [`unknown phase ${event.ph}`]
  const wanted = Object.entries({ ...COMMON, ...phase })
  return wanted.flatMap(([field, isGood]) => (isGood(event[field]) ? [] : [`${field} of ${JSON.stringify(event)}`]))
}

/** Slices upon each other that every version of Perfetto takes. */
const DEEPEST = 255

/**
 * What Perfetto loses of a trace: it sorts events by time, keeps a stack of open slices for each thread, and drops a slice that
 * ends behind the one it lies in, or lies too deep. Instants of one time lie upon each other. A thread is found by its number alone.
 */
export function lostBy(events: readonly ChromeEvent[]): string[] {
  const owners = new Map<unknown, unknown>()
  const stacks = new Map<unknown, { end: number; dur: number }[]>()
  const lost: string[] = []
  const ns = (microseconds: unknown): number => Math.round((microseconds as number) * 1000)
  for (const event of [...events].sort((a, b) => ns(a.ts) - ns(b.ts))) {
    const { ph, pid, tid } = event
    const lose = (why: string): unknown => lost.push(`${why}: ${JSON.stringify(event)}`)
    if ((owners.get(tid) ?? pid) !== pid) lose('a thread of two processes')
    owners.set(tid, pid)
    const stack = stacks.get(tid) ?? []
    stacks.set(tid, stack)
    if ((ph === 's' || ph === 'f') && stack.length === 0) lose('a flow without a slice')
    if (ph !== 'X' && ph !== 'i') continue
    const [time, dur] = [ns(event.ts), ph === 'i' ? 0 : ns(event.dur)]
    const isOver = ({ end, dur: own }: { end: number; dur: number }): boolean =>
      end < time || (end === time && !(own === 0 && dur === 0))
    while (stack.length > 0 && isOver(stack.at(-1) as { end: number; dur: number })) stack.pop()
    if (stack.some(({ end }) => time < end && time + dur > end)) lose('overlaps')
    else if (stack.length >= DEEPEST) lose('too deep')
    else stack.push({ end: time + dur, dur })
  }
  return lost
}
