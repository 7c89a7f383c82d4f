import type { EventfdList } from './eventfd-list.ts'
import type { MemoryRegion } from './memory-region.ts'
import type { MmioHooks } from './mmio-hooks.ts'
import { MmioPort } from './mmio-port.ts'

/** What a single access passes before it comes to a region's callbacks: writes that were put off, and eventfds. */
export class RegionHooks implements MmioHooks {
  readonly #region: MemoryRegion
  /** Writes that were put off are made before an access is looked at (CM-3). */
  flushes = false
  eventfds: EventfdList | undefined = undefined

  constructor(region: MemoryRegion) {
    this.#region = region
  }

  flush(): void {
    if (this.flushes) this.#region.system?.coalesced.flush()
  }

  take(offset: number, size: number, low: number, high: number): boolean {
    return this.eventfds?.signal(offset, size, low, high) ?? false
  }
}

/** The way to a region's callbacks; `undefined` where it has none. */
export function portOf(region: MemoryRegion): MmioPort | undefined {
  return 'port' in region && region.port instanceof MmioPort ? region.port : undefined
}

/** The hooks of a region, made when they are first needed; `undefined` where the region has no callbacks. */
export function hooksOf(region: MemoryRegion): RegionHooks | undefined {
  const port = portOf(region)
  if (port === undefined) return undefined
  if (!(port.hooks instanceof RegionHooks)) port.hooks = new RegionHooks(region)
  return port.hooks as RegionHooks
}
