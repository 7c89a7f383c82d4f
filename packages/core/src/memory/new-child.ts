import { HostbridgeError } from '../errors.ts'
import type { MemoryRegion } from './memory-region.ts'

/** @throws HostbridgeError `memory.alias-child`, `memory.double-add`, `memory.cycle` where `parent` cannot hold `child`. */
export function checkNewChild(parent: MemoryRegion, child: MemoryRegion): void {
  const facts = { parent: parent.name, child: child.name }
  const refusal = `'${child.name}' cannot be added to`
  if (parent.target !== undefined) {
    throw new HostbridgeError(
      'memory.alias-child',
      `${refusal} the alias '${parent.name}': add it to the region '${parent.target.name}' behind it`,
      facts,
    )
  }
  if (child.container !== undefined) {
    throw new HostbridgeError(
      'memory.double-add',
      `${refusal} '${parent.name}': it is in '${child.container.name}' already; add an alias of it`,
      { ...facts, container: child.container.name },
    )
  }
  if (reaches(child, parent)) {
    throw new HostbridgeError(
      'memory.cycle',
      `${refusal} '${parent.name}': '${parent.name}' is seen in '${child.name}'; take it out of there first`,
      facts,
    )
  }
}

/** Whether rendering `from` comes to `region`, through children and aliases. Costs as much as the tree is big. */
function reaches(from: MemoryRegion, region: MemoryRegion): boolean {
  const seen = new Set([from])
  for (const next of seen) {
    if (next === region) return true
    for (const child of next.children) seen.add(child)
    if (next.target !== undefined) seen.add(next.target)
  }
  return false
}
