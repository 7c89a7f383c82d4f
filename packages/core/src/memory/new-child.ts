import { HostbridgeError } from '../errors.ts'
import type { MemoryRegion } from './memory-region.ts'

/** @throws HostbridgeError `memory.alias-child`, `memory.double-add`, `memory.cycle` where `parent` cannot hold `child`. */
export function checkNewChild(parent: MemoryRegion, child: MemoryRegion): void {
  if (parent.target !== undefined) {
    throw new HostbridgeError(
      'memory.alias-child',
      `'${child.name}' cannot be added to the alias '${parent.name}': add it to the region '${parent.target.name}' behind it`,
      { parent: parent.name, child: child.name },
    )
  }
  if (child.container !== undefined) {
    throw new HostbridgeError(
      'memory.double-add',
      `'${child.name}' cannot be added to '${parent.name}': it is in '${child.container.name}' already; add an alias of it`,
      { parent: parent.name, child: child.name, container: child.container.name },
    )
  }
  if (reaches(child, parent)) {
    throw new HostbridgeError(
      'memory.cycle',
      `'${child.name}' cannot be added to '${parent.name}': '${parent.name}' is seen in '${child.name}'; take it out of there first`,
      { parent: parent.name, child: child.name },
    )
  }
}

/** Steps up before the first one down: mostly there are fewer. */
const HEAD_START = 64

/**
 * Whether rendering `from` comes to `region`, through children and aliases. Costs the lesser of what lies above `region` and what
 * lies below `from`: memory that thousands of functions see has as many aliases above it, and a bridge's window little below.
 */
function reaches(from: MemoryRegion, region: MemoryRegion): boolean {
  if (from === region) return true
  if (from.target === undefined && !from.hasChildren) return false
  // Aliases that sleep, or are in no container yet, are not known to what they show.
  const shown = new Set([from])
  for (const { target, sightIfAny } of shown) {
    if (target !== undefined) shown.add(target)
    for (const alias of sightIfAny?.sleepers ?? []) if (alias.target !== undefined) shown.add(alias.target)
  }
  const above = spreading(region, upwards)
  const below = spreading(from, downwards)
  for (let step = 0; ; step++) {
    const up = above.next().value
    if (up === undefined || shown.has(up)) return up !== undefined
    if (step < HEAD_START) continue
    const down = below.next().value
    if (down === undefined || down === region) return down !== undefined
  }
}

/** A region and all that lies on the ways from it, each once, and none looked for before it is its turn. */
function* spreading(
  from: MemoryRegion,
  next: (region: MemoryRegion) => Iterable<MemoryRegion>,
): Generator<MemoryRegion, undefined, undefined> {
  const seen = new Set([from])
  yield from
  for (const region of seen) {
    for (const found of next(region)) {
      if (seen.has(found)) continue
      seen.add(found)
      yield found
    }
  }
  return undefined
}

function* upwards(region: MemoryRegion): Generator<MemoryRegion, void, undefined> {
  if (region.container !== undefined) yield region.container
  yield* region.sightIfAny?.awake ?? []
}

function* downwards(region: MemoryRegion): Generator<MemoryRegion, void, undefined> {
  if (region.target !== undefined) yield region.target
  yield* region.children
}
