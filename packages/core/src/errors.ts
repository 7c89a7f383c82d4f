/**
 * The root of every error that hostbridge throws at a composer of machines.
 *
 * `code` is stable across releases; `facts` holds what the message says in words (addresses as `bigint`).
 * Mistakes of a guest never become errors: they are results, statuses and fault records.
 */
export class HostbridgeError extends Error {
  override readonly name: string = 'HostbridgeError'
  readonly code: string
  readonly facts: Readonly<Record<string, unknown>>

  constructor(code: string, message: string, facts: Readonly<Record<string, unknown>> = {}, options?: ErrorOptions) {
    super(message, options)
    this.code = code
    this.facts = facts
  }
}
