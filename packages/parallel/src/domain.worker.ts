import type { MessagePort } from 'node:worker_threads'
import { Barrier, type PartitionOptions } from '@hostbridge/core/lockstep'
import { type Command, Member, type Reply } from './member.ts'
import { type PlainError, toPlain } from './plain-error.ts'

/** What a thread is given: its part, and where it is told what to do. */
export interface MemberTask extends PartitionOptions {
  readonly port: MessagePort
}

/**
 * A thread's answers: one when its domains have been composed, and one for each command. Before the one for a run, `failing`
 * tells of a domain that has failed while the others still come to the end of the window.
 */
export type Answer = { readonly reply?: Reply; readonly error?: PlainError; readonly failing?: PlainError }

/** Owns domains from the first command to the last: one task for as long as the run exists. */
export default async function ownDomains(task: MemberTask): Promise<void> {
  const { port, ...options } = task
  const closed = new Promise<void>((resolve) => port.once('close', resolve))
  try {
    const member = await Member.open(options)
    port.on('message', (command: Command) => port.postMessage(perform(member, command, options, port)))
    port.postMessage({} satisfies Answer)
  } catch (error) {
    port.postMessage({ error: toPlain(error) } satisfies Answer)
  }
  await closed
}

function perform(member: Member, command: Command, options: PartitionOptions, port: MessagePort): Answer {
  const onFailure = (failure: unknown): void => port.postMessage({ failing: toPlain(failure) } satisfies Answer)
  try {
    member.clearStops()
    return { reply: member.perform(command, undefined, onFailure) }
  } catch (error) {
    // The others may be waiting for this one.
    if (command.kind === 'run') Barrier.break(options.memory.barrier)
    return { error: toPlain(error) }
  }
}
