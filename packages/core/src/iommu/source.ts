import { HostbridgeError } from '../errors.ts'
import type { LinearSource } from './linear-layout.ts'
import { LinearWalker } from './linear-walker.ts'
import { RadixArena } from './radix-arena.ts'
import type { RadixSource } from './radix-layout.ts'
import { RadixCursor } from './radix-walker.ts'
import type { RunCursor } from './run.ts'

/** A description of where a table lies in shared memory; structured-cloneable, so a worker can be given it. */
export type WorkerSource = LinearSource | RadixSource

/** Walks what is mapped from `firstFrame` to `lastFrame`, both inside. */
export type RunWalker = (firstFrame: number, lastFrame: number) => RunCursor

/**
 * Opens, in any thread, the table that a source describes: it gives the same runs as the IOMMU that made the source.
 *
 * @throws HostbridgeError `iommu.source` for something else.
 */
export function openSource(source: WorkerSource): RunWalker {
  switch (source.kind) {
    case 'linear':
      return (firstFrame, lastFrame) => new LinearWalker(source, firstFrame, lastFrame)
    case 'radix': {
      const arena = RadixArena.attach(source.buffer)
      return (firstFrame, lastFrame) => new RadixCursor(arena, firstFrame, lastFrame)
    }
    default:
      throw new HostbridgeError(
        'iommu.source',
        `no table is of the kind '${(source as { kind: unknown }).kind}': pass on what source() returned`,
      )
  }
}
