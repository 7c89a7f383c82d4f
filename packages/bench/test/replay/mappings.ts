import { fc } from '@fast-check/vitest'
import type { Permission } from '@hostbridge/core/memory'
import type { Scene } from './scene.ts'

/** A stretch of a table in which entries look alike. */
export interface Stretch {
  readonly kind: 'dense' | 'half' | 'random'
  /** Pages before it. */
  readonly gap: number
  readonly pages: number
  readonly target: number
  readonly permission: (typeof Permission)['read' | 'write' | 'readWrite']
}

const WINDOW = 2 ** 16

export const stretches: fc.Arbitrary<Stretch[]> = fc.array(
  fc.record({
    kind: fc.constantFrom<Stretch['kind']>('dense', 'dense', 'half', 'random'),
    gap: fc.oneof(fc.constant(0), fc.nat(30), fc.nat(9000)),
    pages: fc.oneof(fc.integer({ min: 1, max: 40 }), fc.integer({ min: 1, max: 1500 })),
    target: fc.nat(2 ** 26),
    permission: fc.constantFrom(1, 2, 3),
  }) as fc.Arbitrary<Stretch>,
  { minLength: 1, maxLength: 5 },
)

/** Maps stretches one after the other in the table that the scene's bus has, and tells nobody. */
export function store(scene: Scene, drawn: readonly Stretch[]): void {
  let page = 0
  for (const { kind, gap, pages, target, permission } of drawn) {
    page += gap
    let state = target | 1
    for (let end = page + pages, index = 0; page < end; page++, index++) {
      state = (Math.imul(state, 1_664_525) + 1_013_904_223) | 0
      if (page >= WINDOW || (kind === 'half' && index % 2 === 0)) continue
      const frame = kind === 'random' ? (state >>> 4) % 2 ** 26 : target + index
      if (scene.iommu === scene.radix) scene.radix.table.map(spread(page), 1, frame, permission, 12)
      else scene.linear.set(page, frame >>> 20, (frame << 12) | permission)
    }
  }
}

/** Pages of one GiB stay neighbours; what follows lies far away, in the last bytes of the space too. */
function spread(page: number): number {
  const far = Math.floor(page / 3000)
  return far === 0 ? page : 2 ** 52 - WINDOW * 2 ** (15 - 3 * Math.min(far, 5)) + (page % 3000)
}
