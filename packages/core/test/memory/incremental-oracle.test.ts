import { fc, test } from '@fast-check/vitest'
import { describe, expect } from 'vitest'
import {
  type AddressSpace,
  AliasRegion,
  alias,
  container,
  type FlatRange,
  type MemoryListener,
  type MemoryRegion,
  MemorySystem,
  mmio,
  RomDeviceRegion,
  ram,
  romDevice,
} from '../../src/memory/index.ts'
import { viewRoot } from '../../src/memory/view-root.ts'

// The oracle renders every space from nothing, cell by cell at the borders that occur, and makes the trace of a commit by
// comparing whole lists. It knows the tree by the public getters alone.

const LAST = 2n ** 64n - 1n
const silent = { read: () => 0, write() {} }

/** What is seen at one address. */
interface Seen {
  readonly region: MemoryRegion
  readonly offset: bigint
  readonly flags: string
}

interface Section extends Seen {
  readonly start: bigint
  last: bigint
  readonly mask: number
}

function seenAt(region: MemoryRegion, base: bigint, at: bigint, above: readonly boolean[]): Seen | undefined {
  const start = base + region.address
  if (!region.enabled || at < start || at > start + region.size - 1n) return undefined
  const own = [region.readonly, region.nonvolatile]
  const flags = own.map((flag, i) => flag || above[i] === true)
  const { target } = region
  if (target !== undefined) return seenAt(target, start - target.address - region.targetOffset, at, flags)
  for (const child of region.children) {
    const seen = seenAt(child, start, at, flags)
    if (seen !== undefined) return seen
  }
  if (!region.terminates) return undefined
  const romMode = region instanceof RomDeviceRegion && region.romMode
  return { region, offset: at - start, flags: `${flags} ${romMode}` }
}

/** Every address at which what is seen below `region` may change. */
function borders(region: MemoryRegion, base: bigint, into: Set<bigint>): void {
  const start = base + region.address
  for (const at of [start, start + region.size]) if (at >= 0n && at <= LAST) into.add(at)
  const { target } = region
  if (target !== undefined) borders(target, start - target.address - region.targetOffset, into)
  for (const child of region.children) borders(child, start, into)
}

function rendered(root: MemoryRegion): Section[] {
  const shown = viewRoot(root)
  if (shown === undefined) return []
  const cuts = new Set([0n])
  borders(shown, 0n, cuts)
  const starts = [...cuts].sort((a, b) => (a < b ? -1 : 1))
  const sections: Section[] = []
  for (const [i, start] of starts.entries()) {
    const seen = seenAt(shown, 0n, start, [])
    if (seen === undefined) continue
    const last = (starts[i + 1] ?? LAST + 1n) - 1n
    const previous = sections.at(-1)
    const joins =
      previous?.region === seen.region &&
      previous.flags === seen.flags &&
      previous.last + 1n === start &&
      previous.offset + start - previous.start === seen.offset
    if (joins) previous.last = last
    else sections.push({ ...seen, start, last, mask: seen.region.dirtyMask })
  }
  return sections
}

function same(a: Section | undefined, b: Section | undefined): boolean {
  if (a === undefined || b === undefined) return false
  return (
    a.start === b.start && a.last === b.last && a.region === b.region && a.offset === b.offset && a.flags === b.flags
  )
}

function text(what: string, name: string, { region, start, last, offset }: Section | FlatRange, more = ''): string {
  return `${what} ${name} ${region.name} ${start.toString(16)}-${last.toString(16)}@${offset.toString(16)}${more}`
}

/** What a listener that wants everything hears of one space. */
function trace(name: string, before: readonly Section[], after: readonly Section[]): string[] {
  const isIn = (list: readonly Section[], one: Section) => list.find((other) => same(one, other))
  const lines = before.filter((one) => isIn(after, one) === undefined).map((one) => text('del', name, one))
  for (const one of after) {
    const old = isIn(before, one)
    if (old === undefined) {
      lines.push(text('add', name, one))
      continue
    }
    lines.push(text('nop', name, one))
    if ((one.mask & ~old.mask) !== 0) lines.push(text('start', name, one, ` ${old.mask}>${one.mask}`))
    if ((old.mask & ~one.mask) !== 0) lines.push(text('stop', name, one, ` ${old.mask}>${one.mask}`))
  }
  return lines
}

/** Writes what it hears; `wantsNop` decides whether commits walk whole views. */
function recorder(name: string, log: string[], wantsNop: boolean): MemoryListener {
  const note = (what: string) => (section: FlatRange) => {
    log.push(text(what, name, section))
    return undefined
  }
  const masks = (what: string) => (section: FlatRange, _: AddressSpace, before: number, after: number) => {
    log.push(text(what, name, section, ` ${before}>${after}`))
  }
  const listener: MemoryListener = {
    name,
    priority: 0,
    regionAdd: note('add'),
    regionDel: note('del'),
    logStart: masks('start'),
    logStop: masks('stop'),
  }
  return wantsNop ? { ...listener, regionNop: note('nop') } : listener
}

type Change = 'add' | 'remove' | 'enable' | 'size' | 'address' | 'offset' | 'flag' | 'mask' | 'begin' | 'commit'

interface Step {
  readonly change: Change
  readonly region: number
  readonly other: number
  readonly at: number
  readonly size: number
  readonly priority: number
}

class World {
  readonly system = new MemorySystem('machine')
  readonly regions: MemoryRegion[] = []
  readonly spaces: AddressSpace[] = []
  /** Of the same roots, with no listeners. */
  readonly silent: AddressSpace[] = []
  readonly #unit: bigint
  #depth = 0

  constructor(unit: bigint) {
    this.#unit = unit
    const make = [
      ...[0, 1, 2, 3].map((i) => container(`c${i}`, i === 0 ? 2n ** 64n : 12n * unit)),
      ...[0, 1, 2].map((i) => romDevice(`d${i}`, BigInt(4 + i), silent)),
      ...[0, 1, 2].map((i) => mmio(`m${i}`, BigInt(3 * i + 2), silent)),
      ...[0, 1].map((i) => ram(`r${i}`, BigInt(i + 2) * unit)),
    ]
    this.regions.push(...make)
    const at = (index: number) => this.regions[index] as MemoryRegion
    for (const [i, target] of [1, 2, 10, 0, 12, 13].entries()) {
      this.regions.push(alias(`a${i}`, at(target), { offset: BigInt(i % 3) * unit, size: BigInt(6 + i) * unit }))
    }
    for (const region of this.regions) this.system.adopt(region)
    for (const root of [0, 1, 15, 2]) {
      this.spaces.push(this.system.createSpace(`s${root}`, at(root)))
      this.silent.push(this.system.createSpace(`t${root}`, at(root)))
    }
  }

  get isOpen(): boolean {
    return this.#depth > 0
  }

  close(): void {
    while (this.#depth > 0) this.apply({ change: 'commit', region: 0, other: 0, at: 0, size: 1, priority: 0 })
  }

  apply({ change, region, other, at, size, priority }: Step): void {
    const one = this.regions[region % this.regions.length] as MemoryRegion
    const place = BigInt(at) * this.#unit
    if (change === 'add') this.#add(this.regions[other % this.regions.length] as MemoryRegion, one, place, priority)
    else if (change === 'remove') one.container?.remove(one)
    else if (change === 'enable') one.setEnabled(!one.enabled)
    else if (change === 'size') this.#try(() => one.setSize(size === 13 ? 2n ** 64n : BigInt(size) * this.#unit))
    // A root that is moved shows it with the next commit only.
    else if (change === 'address' && one.container) one.setAddress(place)
    else if (change === 'offset' && one instanceof AliasRegion) one.setTargetOffset(place)
    else if (change === 'mask') one.setDirtyMask(size % 4)
    else if (change === 'flag') this.#flag(one, size % 3)
    else if (change === 'begin') this.#depth++ < 3 ? this.system.begin() : this.#depth--
    else if (change === 'commit' && this.#depth > 0) {
      this.#depth--
      this.system.commit()
    }
  }

  #add(parent: MemoryRegion, child: MemoryRegion, place: bigint, priority: number): void {
    // That a root is moved is shown with the next commit only (FV-11), and in a disabled container there is none (TM-5).
    if (!parent.enabled && this.spaces.some(({ root }) => root === child)) return
    this.#try(() => parent.add(child, place, { priority }))
  }

  #flag(region: MemoryRegion, which: number): void {
    if (which === 0) region.setReadonly(!region.readonly)
    else if (which === 1) region.setNonvolatile(!region.nonvolatile)
    else if (which === 2 && region instanceof RomDeviceRegion) region.setRomMode(!region.romMode)
  }

  #try(act: () => void): void {
    try {
      act()
    } catch {
      // A cycle, a double add, more than its memory: composers may not.
    }
  }
}

const step: fc.Arbitrary<Step> = fc.record({
  change: fc.constantFrom<Change>(
    ...(['add', 'add', 'add', 'add', 'remove', 'enable', 'size', 'address', 'address'] as const),
    ...(['offset', 'flag', 'mask', 'begin', 'commit', 'commit'] as const),
  ),
  region: fc.nat(17),
  other: fc.oneof(fc.constant(0), fc.nat(5)),
  at: fc.nat(10),
  size: fc.integer({ min: 1, max: 13 }),
  priority: fc.integer({ min: -1, max: 1 }),
})

describe.each([
  ['bytes', 1n],
  ['pages and a half', 6144n],
  ['2^60 bytes', 2n ** 60n],
])('in units of %s, changing a map a step at a time', (_, unit) => {
  test.prop([fc.array(step, { minLength: 8, maxLength: 30 })], { numRuns: 20 })(
    'shows what rendering from nothing shows, and tells what comparing whole views tells (FV-1, FV-3, FV-6, TX-3, TX-5, LC-1)',
    (steps) => {
      const world = new World(unit)
      const log: string[] = []
      for (const [i, space] of world.spaces.entries()) space.register(recorder(space.name, log, i < 2))
      let before = world.spaces.map((space) => rendered(space.root))

      for (const [i, one] of [...steps, undefined].entries()) {
        log.length = 0
        if (one === undefined) world.close()
        else world.apply(one)
        if (world.isOpen) continue

        const after = world.spaces.map((space) => rendered(space.root))
        const shown = world.spaces.map((space) =>
          space.flatView.ranges.map((range) => `${text('', '', range)} ${range.dirtyMask}`),
        )
        expect(shown, `step ${i}`).toEqual(after.map((list) => list.map((one) => `${text('', '', one)} ${one.mask}`)))
        // Some look at every step, some now and then, one at the end.
        for (const [s, space] of world.silent.entries()) {
          if (one === undefined || s === 0 || i % s === 1) expect(space.flatView).toBe(world.spaces[s]?.flatView)
        }
        const expected = world.spaces.flatMap((space, s) => {
          const lines = trace(space.name, before[s] as Section[], after[s] as Section[])
          return s < 2 ? lines : lines.filter((line) => !line.startsWith('nop'))
        })
        const silent = log.length === 0 && expected.every((line) => line.startsWith('nop'))
        if (!silent) expect(log, `step ${i}`).toEqual(expected)
        before = after
      }
    },
  )
})
