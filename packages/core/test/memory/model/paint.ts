import type { ModelRegion } from './model-region.ts'

const WHOLE = 2n ** 64n

/** What is inherited from all that lies on the way (MR-11). */
interface Inherited {
  readonly readonly: boolean
  readonly nonvolatile: boolean
  readonly unmergeable: boolean
  /** The regions on the way: neighbours with the same way are one piece of one region. */
  readonly way: string
}

/** What answers one address. */
interface Shown extends Inherited {
  readonly region: ModelRegion
  readonly offset: bigint
}

/** A stretch of addresses that one region answers. */
export interface ModelRange extends Shown {
  readonly start: bigint
  readonly last: bigint
  readonly romMode: boolean
  readonly dirtyMask: number
}

const NOTHING: Inherited = { readonly: false, nonvolatile: false, unmergeable: false, way: '' }

/**
 * The flat view below `root`: asks of every address where anything begins or ends who answers it, and joins neighbours
 * (FV-1 to FV-6). Nothing can change between two such addresses.
 */
export function paint(root: ModelRegion): ModelRange[] {
  const edges = new Set([0n])
  collectEdges(root, 0n, 0n, WHOLE, edges)
  const starts = [...edges].sort((a, b) => (a < b ? -1 : 1))
  const ranges: ModelRange[] = []
  starts.forEach((start, i) => {
    const shown = answer(root, start, NOTHING)
    if (shown === undefined) return
    const { region } = shown
    const last = (starts[i + 1] ?? WHOLE) - 1n
    const romMode = region.kind === 'romd' && region.romMode
    const range: ModelRange = { ...shown, start, last, romMode, dirtyMask: region.dirtyMask }
    const before = ranges.at(-1)
    if (before !== undefined && isContinued(before, range)) ranges[ranges.length - 1] = { ...before, last }
    else ranges.push(range)
  })
  return ranges
}

/** Who answers the address `at` of the container that holds `region` (FV-2, FV-3, MR-10, MR-11). */
function answer(region: ModelRegion, at: bigint, above: Inherited): Shown | undefined {
  const offset = at - region.address
  if (!region.enabled || offset < 0n || offset >= region.size) return undefined
  const here: Inherited = {
    readonly: above.readonly || region.readonly,
    nonvolatile: above.nonvolatile || region.nonvolatile,
    unmergeable: above.unmergeable || region.unmergeable,
    way: `${above.way}/${region.name}`,
  }
  const { target } = region
  if (target !== undefined) return answer(target, offset + region.targetOffset + target.address, here)
  for (const child of region.ordered()) {
    const shown = answer(child, offset, here)
    if (shown !== undefined) return shown
  }
  return region.terminates ? { ...here, region, offset } : undefined
}

function collectEdges(region: ModelRegion, base: bigint, first: bigint, end: bigint, edges: Set<bigint>): void {
  const start = base + region.address
  const low = start > first ? start : first
  const high = start + region.size < end ? start + region.size : end
  if (!region.enabled || low >= high) return
  edges.add(low)
  if (high < WHOLE) edges.add(high)
  const { target } = region
  if (target !== undefined) collectEdges(target, start - region.targetOffset - target.address, low, high, edges)
  for (const child of region.children) collectEdges(child, start, low, high, edges)
}

function isContinued(a: ModelRange, b: ModelRange): boolean {
  const together = a.last + 1n === b.start && a.offset + (b.start - a.start) === b.offset
  if (!together || a.region !== b.region) return false
  if (a.way === b.way) return true
  // What several ways show is joined only where it is alike, and nothing forbids it (FV-6).
  const alike = a.readonly === b.readonly && a.nonvolatile === b.nonvolatile
  return alike && !a.unmergeable && !b.unmergeable
}

/** The region whose painting a space with this root shows, `undefined` for the empty view (FV-9 to FV-11). */
export function keyOf(root: ModelRegion): ModelRegion | undefined {
  if (!root.enabled) return undefined
  if (root.target !== undefined) {
    const whole = root.targetOffset === 0n && root.size >= root.target.size
    return whole ? keyOf(root.target) : root
  }
  if (root.terminates) return root
  const [child, ...others] = [...root.children].filter(({ enabled }) => enabled)
  if (child === undefined) return undefined
  return others.length === 0 && child.address === 0n && child.size <= root.size ? keyOf(child) : root
}
