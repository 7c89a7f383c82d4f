import { HostbridgeError } from '../errors.ts'
import type { MemoryRegion } from './memory-region.ts'
import type { MemorySystem } from './memory-system.ts'

/**
 * Binds a region to a system, with everything that hangs together with it: containers, children, targets of aliases.
 *
 * @throws HostbridgeError `memory.foreign-region` where one of them belongs to another system; then none is bound.
 */
export function bindTogether(region: MemoryRegion, system: MemorySystem): void {
  if (region.system === system) return
  const together = new Set<MemoryRegion>([region])
  for (const next of together) {
    if (next.system === system) continue
    if (next.system !== undefined) throw foreignRegion(next, next.system, system)
    if (next.container !== undefined) together.add(next.container)
    if (next.target !== undefined) together.add(next.target)
    for (const child of next.children) together.add(child)
  }
  for (const next of together) next.bind(system)
}

function foreignRegion(region: MemoryRegion, owner: MemorySystem, system: MemorySystem): HostbridgeError {
  return new HostbridgeError(
    'memory.foreign-region',
    `'${region.name}' belongs to '${owner.name}' and cannot become a part of '${system.name}': make a region of its own`,
    { region: region.name, system: system.name, owner: owner.name },
  )
}
