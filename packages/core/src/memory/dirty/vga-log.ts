import { HostbridgeError } from '../../errors.ts'
import type { MemoryRegion } from '../memory-region.ts'
import { DirtyClient, type OneDirtyClient } from './dirty-client.ts'

/** How many displays have asked for the log of a region. */
const counts = new WeakMap<MemoryRegion, number>()

/**
 * Has writes to a region logged for a display, or no longer: an alias passes it on to the end. It is counted, and only the
 * first and the last call change the map (DL-2).
 *
 * @throws HostbridgeError `memory.dirty-client` for any client but VGA; the others are logged by the system.
 *   `memory.dirty-count` where it ends more often than it began.
 */
export function setLogging(region: MemoryRegion, isOn: boolean, client: OneDirtyClient = DirtyClient.vga): void {
  if (client !== DirtyClient.vga) {
    throw new HostbridgeError(
      'memory.dirty-client',
      `client ${client} cannot have '${region.name}' logged alone: only VGA can; start global tracking for migration`,
      { region: region.name, client },
    )
  }
  let logged = region
  while (logged.target !== undefined) logged = logged.target
  const count = (counts.get(logged) ?? 0) + (isOn ? 1 : -1)
  if (count < 0) {
    throw new HostbridgeError(
      'memory.dirty-count',
      `the logging of '${logged.name}' cannot end: nobody has begun it, or it has ended already`,
      { region: logged.name },
    )
  }
  counts.set(logged, count)
  logged.setDirtyMask(count > 0 ? DirtyClient.vga : DirtyClient.none)
}
