import type { LockstepPlan } from '@hostbridge/core/lockstep'
import type { Args } from './domains.ts'

/** The module of the test's domains. */
export const MODULE: string = new URL('./domains.ts', import.meta.url).href

const NAMES = ['north', 'east', 'south', 'west']

/** Four domains that talk, each linked with each; the smallest latency is 20. `special` is about one of them alone. */
export function gossipPlan(
  more: Partial<LockstepPlan> = {},
  args: Partial<Args> = {},
  special: { readonly [name: string]: Partial<Args> } = {},
): LockstepPlan {
  const domains = NAMES.map((name, index) => {
    return { name, module: MODULE, args: { seed: index + 1, events: 100, ...args, ...special[name] } satisfies Args }
  })
  const pairs = NAMES.flatMap((one, index) => NAMES.slice(index + 1).map((other) => [one, other] as const))
  const links = pairs.map((ends, index) => ({ name: ends.join('-'), ends, latency: BigInt(20 + 7 * (index % 3)) }))
  return { domains, links, ...more }
}
