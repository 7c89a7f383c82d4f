import { HostbridgeError, messageOf } from '@hostbridge/core/lockstep'

/** An error as it is posted from thread to thread, where structured clone keeps neither class nor code. */
export interface PlainError {
  readonly message: string
  readonly stack: string | undefined
  readonly code?: string
  readonly facts?: Readonly<Record<string, unknown>>
  readonly cause?: PlainError
}

/** Causes of causes that are told: an error may be its own. */
const MOST_CAUSES = 16

export function toPlain(error: unknown, causes: number = MOST_CAUSES): PlainError {
  if (!(error instanceof Error)) return { message: messageOf(error), stack: undefined }
  const cause = error.cause === undefined || causes === 0 ? {} : { cause: toPlain(error.cause, causes - 1) }
  const own = error instanceof HostbridgeError ? { code: error.code, facts: clonable(error.facts) } : {}
  return { message: error.message, stack: error.stack, ...own, ...cause }
}

/** An error of the same class, code, facts and stack. */
export function fromPlain(plain: PlainError): Error {
  const options = plain.cause === undefined ? undefined : { cause: fromPlain(plain.cause) }
  const error =
    plain.code === undefined
      ? new Error(plain.message, options)
      : new HostbridgeError(plain.code, plain.message, plain.facts, options)
  if (plain.stack !== undefined) error.stack = plain.stack
  return error
}

/** Facts that another thread can be given: a fact that cannot be cloned stands as its text. */
function clonable(facts: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(facts).map(([name, fact]) => {
      try {
        return [name, structuredClone(fact)]
      } catch {
        return [name, messageOf(fact)]
      }
    }),
  )
}
