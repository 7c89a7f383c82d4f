import type { ModelRegion } from './model-region.ts'
import { keyOf, type ModelRange, paint } from './paint.ts'

export interface ModelSpace {
  readonly name: string
  readonly root: ModelRegion
  view: readonly ModelRange[]
  /** Spaces of one key show one view. */
  key: ModelRegion | undefined
}

export interface ModelListener {
  readonly name: string
  readonly priority: number
  readonly space: ModelSpace
}

/** Transactions, spaces and listeners as sections 1.3, 1.5 and 1.6 have them; everything is painted anew at every commit. */
export class ModelSystem {
  spaces: ModelSpace[] = []
  /** In the order of their registration. */
  listeners: ModelListener[] = []
  depth = 0
  #pending = false
  #stamp = 0
  /** What listeners, devices and notifiers have heard. */
  readonly log: string[] = []

  createSpace(name: string, root: ModelRegion): ModelSpace {
    const key = keyOf(root)
    const space: ModelSpace = { name, root, key, view: key ? paint(key) : [] }
    this.spaces.push(space)
    return space
  }

  destroySpace(space: ModelSpace): void {
    this.spaces = this.spaces.filter((other) => other !== space)
    space.view = []
  }

  begin(): void {
    this.depth++
  }

  /** Only the outermost one acts, and only if something is pending (TX-2). */
  commit(): void {
    this.depth--
    if (this.depth > 0 || !this.#pending) return
    this.#pending = false
    const all = this.#sorted()
    for (const { name } of all) this.log.push(`begin ${name}`)
    const views = this.spaces.map(({ root }) => {
      const key = keyOf(root)
      return { key, view: key ? paint(key) : [] }
    })
    this.spaces.forEach((space, i) => {
      const { key, view } = views[i]!
      this.#tellDifference(space, view, all)
      space.key = key
      space.view = view
    })
    for (const { name } of all) this.log.push(`commit ${name}`)
  }

  /** Makes a change in a transaction of its own; `pending` as TM-5 says. */
  change(pending: boolean, apply: () => void): void {
    this.begin()
    apply()
    if (pending) this.#pending = true
    this.commit()
  }

  add(parent: ModelRegion, child: ModelRegion, address: bigint, priority: number): void {
    this.change(parent.enabled && child.enabled, () => parent.put(child, address, priority, ++this.#stamp))
  }

  remove(child: ModelRegion): void {
    const { parent } = child
    if (parent !== undefined) this.change(parent.enabled && child.enabled, () => parent.take(child))
  }

  /** Removes and adds in one transaction (TM-3). */
  move(child: ModelRegion, address: bigint): void {
    const { parent } = child
    if (parent === undefined || address === child.address) return
    this.change(parent.enabled && child.enabled, () => parent.put(child, address, child.priority, ++this.#stamp))
  }

  /** LR-2. */
  register(listener: ModelListener): void {
    this.listeners.push(listener)
    this.log.push(`begin ${listener.name}`)
    for (const range of listener.space.view) {
      this.#tell('add', listener, range)
      if (range.dirtyMask !== 0) this.#tell(`log start 0-${range.dirtyMask}`, listener, range)
    }
    this.log.push(`commit ${listener.name}`)
  }

  /** LR-3. */
  unregister(listener: ModelListener): void {
    this.log.push(`begin ${listener.name}`)
    for (const range of listener.space.view) {
      if (range.dirtyMask !== 0) this.#tell(`log stop ${range.dirtyMask}-0`, listener, range)
      this.#tell('del', listener, range)
    }
    this.log.push(`commit ${listener.name}`)
    this.listeners = this.listeners.filter((other) => other !== listener)
  }

  /** Ascending priority, at equal priority as registered (LC-11). */
  #sorted(): ModelListener[] {
    return this.listeners
      .map((one, at) => ({ one, at }))
      .sort(byPriority)
      .map(({ one }) => one)
  }

  #tellDifference(space: ModelSpace, view: readonly ModelRange[], all: readonly ModelListener[]): void {
    const listeners = all.filter((listener) => listener.space === space)
    const backwards = [...listeners].reverse()
    const old = new Map(space.view.map((range) => [rangeText(range), range.dirtyMask]))
    const fresh = new Set(view.map(rangeText))
    for (const range of space.view) {
      if (fresh.has(rangeText(range))) continue
      for (const listener of backwards) this.#tell('del', listener, range)
    }
    for (const range of view) {
      const was = old.get(rangeText(range))
      const is = range.dirtyMask
      for (const listener of listeners) this.#tell(was === undefined ? 'add' : 'nop', listener, range)
      if (was === undefined) continue
      if ((is & ~was) !== 0) for (const listener of listeners) this.#tell(`log start ${was}-${is}`, listener, range)
      if ((was & ~is) !== 0) for (const listener of backwards) this.#tell(`log stop ${was}-${is}`, listener, range)
    }
  }

  /** A listener looks at the section's beginning, where it sees what was there before (TX-6). */
  #tell(what: string, { name, space }: ModelListener, range: ModelRange): void {
    const seen = space.view.find(({ start, last }) => start <= range.start && range.start <= last)
    this.log.push(`${what} ${name} ${rangeText(range)}, sees ${seen?.region.name ?? 'nothing'}`)
  }
}

function byPriority(a: { one: ModelListener; at: number }, b: { one: ModelListener; at: number }): number {
  return a.one.priority - b.one.priority || a.at - b.at
}

type RangeFacts = Omit<ModelRange, 'region' | 'way' | 'dirtyMask'> & { readonly region: { readonly name: string } }

/** All that makes a range what it is (FV-5), of the model or of the real thing. */
export function rangeText(range: RangeFacts): string {
  const { region, start, last, offset, readonly, romMode, nonvolatile, unmergeable } = range
  const flags = [readonly && ' read-only', romMode && ' rom mode', nonvolatile && ' nv', unmergeable && ' unmergeable']
    .filter(Boolean)
    .join('')
  return `${region.name}[${start.toString(16)}..${last.toString(16)}]@${offset.toString(16)}${flags}`
}
