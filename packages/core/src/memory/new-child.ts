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

/** Whether rendering `from` comes to `region`, through children and aliases. Costs what lies above `region`, not what is below `from`. */
function reaches(from: MemoryRegion, region: MemoryRegion): boolean {
  if (from === region) return true
  if (from.target === undefined && !from.hasChildren) return false
  const above = new Set([region])
  for (const next of above) {
    if (next.container !== undefined) above.add(next.container)
    for (const alias of next.aliases) above.add(alias)
  }
  // Aliases that are in no container yet are not known to what they show.
  for (let next: MemoryRegion | undefined = from; next !== undefined; next = next.target) {
    if (above.has(next)) return true
  }
  return false
}
