import { hex } from '../address/range.ts'
import { HostbridgeError } from '../errors.ts'
import { MemoryRegion, type RegionKind } from './memory-region.ts'
import { checkAddress } from './region-checks.ts'

export interface AliasOptions {
  /** Where in the target the alias begins; may lie beyond its end where there is a size. Default 0. */
  readonly offset?: bigint
  /** Bytes; default all that follows `offset` in the target. What extends past the target is cut off (MR-7). */
  readonly size?: bigint
}

/** Shows a part of another region, or of another alias, at a second place; the target's own priority and container do not matter here. */
export class AliasRegion extends MemoryRegion {
  readonly #target: MemoryRegion
  #offset: bigint

  /** @throws HostbridgeError `memory.alias-offset` without a size, where nothing of the target follows `offset`. */
  constructor(name: string, target: MemoryRegion, options: AliasOptions = {}) {
    const offset = checkAddress(name, `of its target '${target.name}'`, options.offset ?? 0n)
    super(name, options.size ?? bytesBehind(name, target, offset))
    this.#target = target
    this.#offset = offset
  }

  override get terminates(): boolean {
    return false
  }

  override get kind(): RegionKind {
    return 'alias'
  }

  override get target(): MemoryRegion {
    return this.#target
  }

  override get targetOffset(): bigint {
    return this.#offset
  }

  /** Moves what is shown; the alias stays where it is. */
  setTargetOffset(offset: bigint): void {
    checkAddress(this.name, `of its target '${this.#target.name}'`, offset)
    if (offset === this.#offset) return
    this.change(this.enabled, () => {
      this.#offset = offset
      this.decideStep()
    })
  }
}

function bytesBehind(name: string, target: MemoryRegion, offset: bigint): bigint {
  if (offset < target.size) return target.size - offset
  throw new HostbridgeError(
    'memory.alias-offset',
    `alias '${name}' cannot begin at ${hex(offset)} of '${target.name}', which has ${hex(target.size)} bytes: ` +
      'give the alias a size, or let it begin sooner',
    { alias: name, target: target.name, offset, size: target.size },
  )
}

/** Makes an {@link AliasRegion}. */
export function alias(name: string, target: MemoryRegion, options?: AliasOptions): AliasRegion {
  return new AliasRegion(name, target, options)
}
