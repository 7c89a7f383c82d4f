import { fc, test } from '@fast-check/vitest'
import { describe, expect } from 'vitest'
import { AliasRegion, alias, container, type MemoryRegion, MemorySystem, mmio, ram } from '../../src/memory/index.ts'

// The oracle paints a space of few cells, one cell per byte or per 2^59 bytes, region by region from the bottom up: what
// the renderer must show first, the oracle paints last. It keeps its own count of who was added when.

const CELLS = 32

interface Cell {
  readonly region: MemoryRegion
  readonly offset: number
  readonly readonly: boolean
}

interface Recipe {
  readonly kind: 'container' | 'ram' | 'mmio' | 'alias'
  readonly size: number
  readonly target: number
  readonly offset: number
  readonly parent: number
  readonly at: number
  readonly priority: number
  readonly readonly: boolean
}

interface Step {
  readonly kind: 'add' | 'remove' | 'enable' | 'readonly' | 'size' | 'address' | 'offset'
  readonly region: number
  readonly other: number
  readonly at: number
  readonly priority: number
  readonly flag: boolean
  readonly size: number
}

class Model {
  readonly all: MemoryRegion[]
  readonly #unit: bigint
  readonly #added = new Map<MemoryRegion, number>()
  #count = 0

  constructor(unit: bigint, recipes: readonly Recipe[]) {
    this.#unit = unit
    this.all = [container('root', BigInt(CELLS) * unit)]
    for (const recipe of recipes) {
      const region = this.#make(recipe)
      region.setReadonly(recipe.readonly)
      this.#add(this.#at(recipe.parent), region, recipe.at, recipe.priority)
      this.all.push(region)
    }
  }

  /** Makes one change where it is allowed; what composers may not do is left out. */
  change({ kind, region, other, at, priority, flag, size }: Step): void {
    const one = this.#at(region)
    if (kind === 'add') this.#add(this.#at(other), one, at, priority)
    else if (kind === 'remove' && one !== this.all[0]) one.container?.remove(one)
    else if (kind === 'enable') one.setEnabled(flag)
    else if (kind === 'readonly') one.setReadonly(flag)
    else if (kind === 'size' && one.kind !== 'ram' && one.kind !== 'rom') one.setSize(BigInt(size) * this.#unit)
    else if (kind === 'address' && one !== this.all[0]) this.#move(one, at)
    else if (kind === 'offset' && one instanceof AliasRegion) one.setTargetOffset(BigInt(at) * this.#unit)
  }

  painted(): (Cell | undefined)[] {
    const cells = new Array<Cell | undefined>(CELLS).fill(undefined)
    this.#paint(cells, this.all[0]!, 0, 0, CELLS - 1, false)
    return cells
  }

  /** Paints `region`, whose container begins at cell `base`, over what is there. */
  #paint(
    cells: (Cell | undefined)[],
    region: MemoryRegion,
    base: number,
    first: number,
    last: number,
    readonly: boolean,
  ): void {
    if (!region.enabled) return
    const start = base + this.#cells(region.address)
    const low = Math.max(first, start)
    const high = Math.min(last, start + this.#cells(region.size) - 1)
    const flag = readonly || region.readonly
    if (region instanceof AliasRegion) {
      const target = start - this.#cells(region.target.address) - this.#cells(region.targetOffset)
      this.#paint(cells, region.target, target, low, high, flag)
      return
    }
    if (region.terminates)
      for (let at = low; at <= high; at++) cells[at] = { region, offset: at - start, readonly: flag }
    const children = this.all.filter((child) => child.container === region)
    children.sort((a, b) => a.priority - b.priority || this.#added.get(a)! - this.#added.get(b)!)
    for (const child of children) this.#paint(cells, child, start, low, high, flag)
  }

  #make({ kind, size, target, offset }: Recipe): MemoryRegion {
    const name = `${kind}${this.all.length}`
    const bytes = BigInt(size) * this.#unit
    if (kind === 'container') return container(name, bytes)
    if (kind === 'ram') return ram(name, bytes)
    if (kind === 'mmio' && this.#unit === 1n) return mmio(name, bytes, { read: () => 0, write() {} })
    return alias(name, this.all[target % this.all.length]!, { offset: BigInt(offset) * this.#unit, size: bytes })
  }

  #add(parent: MemoryRegion, child: MemoryRegion, at: number, priority: number): void {
    try {
      parent.add(child, BigInt(at) * this.#unit, { priority })
      this.#added.set(child, this.#count++)
    } catch {
      // A cycle, a double add or a child of an alias.
    }
  }

  #move(region: MemoryRegion, at: number): void {
    if (region.address !== BigInt(at) * this.#unit) this.#added.set(region, this.#count++)
    region.setAddress(BigInt(at) * this.#unit)
  }

  #at(index: number): MemoryRegion {
    return this.all[index % this.all.length]!
  }

  #cells(bytes: bigint): number {
    return Number(bytes / this.#unit)
  }
}

const place = fc.integer({ min: 0, max: CELLS - 1 })
const near = fc.integer({ min: 0, max: 8 })
const size = fc.integer({ min: 4, max: CELLS })
const priority = fc.integer({ min: -1, max: 1 })
const recipe: fc.Arbitrary<Recipe> = fc.record({
  kind: fc.constantFrom('container', 'ram', 'mmio', 'alias', 'alias'),
  size,
  target: place,
  offset: near,
  parent: fc.oneof(fc.constant(0), place),
  at: near,
  priority,
  readonly: fc.integer({ min: 0, max: 5 }).map((n) => n === 0),
})
const step: fc.Arbitrary<Step> = fc.record({
  kind: fc.constantFrom('add', 'add', 'remove', 'enable', 'enable', 'readonly', 'size', 'address', 'address', 'offset'),
  region: place,
  other: fc.oneof(fc.constant(0), place),
  at: near,
  priority,
  flag: fc.boolean(),
  size,
})

describe.each([
  ['bytes', 1n],
  ['2^59 bytes', 2n ** 59n],
])('rendering random trees in units of %s', (_, unit) => {
  test.prop([fc.array(recipe, { minLength: 3, maxLength: 12 }), fc.array(step, { maxLength: 20 })], { numRuns: 200 })(
    'shows what painting from the bottom up shows',
    (recipes, steps) => {
      const model = new Model(unit, recipes)
      // A second child keeps the view from being that of a region further down (FV-9).
      const frame = container('frame')
      frame.add(ram('never seen', unit), 0n, { priority: -1 })
      const [root] = model.all as [MemoryRegion]
      const system = new MemorySystem('machine')
      const space = system.createSpace('memory', frame)
      frame.add(root, 0n)
      for (const region of model.all) system.adopt(region)

      for (const one of steps) model.change(one)

      const shown = Array.from({ length: CELLS }, (_, at) => {
        const range = space.find(BigInt(at) * unit)
        if (range === undefined || range.region.name === 'never seen') return undefined
        const offset = Number((BigInt(at) * unit - range.start + range.offset) / unit)
        return [range.region.name, offset, range.readonly]
      })
      expect(shown).toEqual(model.painted().map((cell) => cell && [cell.region.name, cell.offset, cell.readonly]))
      const { ranges } = space.flatView
      const merged = ranges.every((range, i) => {
        const next = ranges[i + 1]
        return next === undefined || (range.last < next.start && !range.continuesIn(next))
      })
      expect(merged).toBe(true)
    },
  )
})
