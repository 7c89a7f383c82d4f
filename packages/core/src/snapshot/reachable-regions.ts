import type { Machine } from '../machine/machine.ts'
import type { MemoryRegion } from '../memory/memory-region.ts'

/** Every region that an address space of a machine leads to, mapped or behind an alias, once each; siblings by place. */
export function reachableRegions(machine: Machine): ReadonlySet<MemoryRegion> {
  const seen = new Set<MemoryRegion>()
  const look = (region: MemoryRegion): void => {
    if (seen.has(region)) return
    seen.add(region)
    if (region.target !== undefined) look(region.target)
    for (const child of [...region.children].sort(byPlace)) look(child)
  }
  for (const { root } of machine.memory.spaces) look(root)
  return seen
}

/** Orders siblings by where they are, not by when they were mapped. */
export function byPlace(a: MemoryRegion, b: MemoryRegion): number {
  if (a.address !== b.address) return a.address < b.address ? -1 : 1
  return a.priority - b.priority || (a.name < b.name ? -1 : 1)
}

/** Gives parts of a machine names of their own, ascending: ` #2` and so on where several have one. */
export function byName<T>(parts: ReadonlyMap<T, string>): Map<string, T> {
  const named = new Map<string, T>()
  const sorted = [...parts].sort(([, a], [, b]) => (a < b ? -1 : a > b ? 1 : 0))
  for (const [part, name] of sorted) {
    let key = name
    for (let number = 2; named.has(key); number++) key = `${name} #${number}`
    named.set(key, part)
  }
  return named
}
