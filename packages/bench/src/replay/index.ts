export * from './replay-pool.ts'
export type { ShardedOptions } from './replay-sharded.ts'
