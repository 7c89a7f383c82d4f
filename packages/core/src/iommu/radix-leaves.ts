import { FRAME_SLOTS, LOW_FRAMES, LOW_WRAP_SLOTS, NODE_WORDS, STEP_HIGH, STEP_LOW } from './radix-layout.ts'

/** Writes `count` leaves whose targets follow each other; `flags` are their low words' bits below the target. */
export function writeLeaves(
  words: Int32Array,
  node: number,
  level: number,
  first: number,
  count: number,
  target: number,
  flags: number,
): void {
  const begin = node * NODE_WORDS + 2 * first
  let high = Math.floor(target / LOW_FRAMES)
  const inHigh = target - high * LOW_FRAMES
  const low = (inHigh << 12) | flags
  const step = STEP_LOW[level] as number
  if (step === 0) {
    writeHighStepping(words, begin, count, low, high | 0, STEP_HIGH[level] as number)
    return
  }
  // Levels 0 to 2: the high word grows whenever the low one wraps, which is at most twice in a node of level 0.
  const perWrap = LOW_WRAP_SLOTS[level] as number
  let value = low
  for (let done = 0, stop = perWrap - inHigh * (FRAME_SLOTS[level] as number); done < count; stop += perWrap) {
    const end = Math.min(stop, count)
    value = writeLowStepping(words, begin + 2 * done, begin + 2 * end, value, high | 0, step)
    done = end
    high++
  }
}

function writeLowStepping(
  words: Int32Array,
  first: number,
  end: number,
  low: number,
  high: number,
  step: number,
): number {
  let value = low
  for (let at = first; at < end; at += 2) {
    words[at] = value
    words[at + 1] = high
    value = (value + step) | 0
  }
  return value
}

function writeHighStepping(
  words: Int32Array,
  first: number,
  count: number,
  low: number,
  high: number,
  step: number,
): void {
  let value = high
  for (let at = first, end = first + 2 * count; at < end; at += 2) {
    words[at] = low
    words[at + 1] = value
    value = (value + step) | 0
  }
}

/** How many slots from the leaf at word `first` on, before word `end`, hold leaves whose targets follow each other. */
export function countLeaves(words: Int32Array, first: number, end: number, level: number): number {
  const stepLow = STEP_LOW[level] as number
  const stepHigh = STEP_HIGH[level] as number
  let low = words[first] as number
  let high = words[first + 1] as number
  let at = first + 2
  for (; at < end; at += 2) {
    low = (low + stepLow) | 0
    high = (high + stepHigh) | 0
    // Only the low word of levels 0 to 2 wraps: what is left of it then is less than a step.
    if (low >>> 0 < stepLow) high = (high + 1) | 0
    if (((words[at] as number) ^ low) | ((words[at + 1] as number) ^ high)) break
  }
  return (at - first) >>> 1
}
