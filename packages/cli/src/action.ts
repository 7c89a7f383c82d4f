import type { Output } from './output.ts'

/** What a command does; answers with an exit status. */
export type Action = (output: Output) => Promise<number>

/** Runs a command's action with the output that its options ask for. */
export type Perform = (options: { readonly json?: boolean }, action: Action) => Promise<void>
