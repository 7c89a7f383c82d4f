import { frameOfWords } from './dma-port.ts'
import { CompletionQueue, type SavedCompletionQueue, type SavedSubmissionQueue, SubmissionQueue } from './queues.ts'
import { NVME_COMMAND_SHIFT, NVME_COMPLETION_SHIFT, NvmeCommandWord, NvmeQueueFlags } from './spec/command.ts'
import { NvmeConfiguration } from './spec/registers.ts'
import { NvmeStatus, type NvmeStatusCode } from './spec/status.ts'

/** What bounds the queues of a controller. */
export interface QueueLimits {
  /** I/O queues of each kind. */
  readonly pairs: number
  /** Entries of a queue. */
  readonly entries: number
  readonly vectors: number
}

/** What a saved controller's queues are. */
export interface SavedQueues {
  readonly completion: readonly SavedCompletionQueue[]
  readonly submission: readonly SavedSubmissionQueue[]
}

/** The queues of a controller, by their identifiers; 0 are the admin queues (NVM Express 1.3d, sections 5.3 to 5.6). */
export class QueueSet {
  readonly limits: QueueLimits
  readonly submission: (SubmissionQueue | undefined)[]
  readonly completion: (CompletionQueue | undefined)[]

  constructor(limits: QueueLimits) {
    this.limits = limits
    this.submission = new Array<undefined>(limits.pairs + 1).fill(undefined)
    this.completion = new Array<undefined>(limits.pairs + 1).fill(undefined)
  }

  /** Whether the guest has any I/O queue. */
  get hasIo(): boolean {
    return this.completion.some((queue, id) => id > 0 && queue !== undefined)
  }

  /** Makes the admin queues, with sizes as AQA has them (section 3.1.8). */
  createAdmin(attributes: number, submissionFrame: number, completionFrame: number): void {
    const completion = { id: 0, frame: completionFrame, size: ((attributes >>> 16) & 0xfff) + 1 }
    const queue = new CompletionQueue(completion, 0, true)
    this.completion[0] = queue
    this.submission[0] = new SubmissionQueue({ id: 0, frame: submissionFrame, size: (attributes & 0xfff) + 1 }, queue)
  }

  /** Create I/O Completion Queue (section 5.3); `configuration` is CC. */
  createCompletion(words: Uint32Array, at: number, configuration: number, pageSize: number): NvmeStatusCode {
    const flags = words[at + NvmeCommandWord.cdw11] as number
    const { shift, mask } = NvmeConfiguration.completionEntry
    const wrong = this.#check(
      words,
      at,
      this.completion,
      pageSize,
      (configuration >>> shift) & mask,
      NVME_COMPLETION_SHIFT,
    )
    if (wrong !== NvmeStatus.success) return wrong
    if (flags >>> 16 >= this.limits.vectors) return NvmeStatus.invalidInterruptVector
    const place = placeOf(words, at)
    this.completion[place.id] = new CompletionQueue(place, flags >>> 16, (flags & NvmeQueueFlags.interrupts) !== 0)
    return NvmeStatus.success
  }

  /** Create I/O Submission Queue (section 5.4); `configuration` is CC. */
  createSubmission(words: Uint32Array, at: number, configuration: number, pageSize: number): NvmeStatusCode {
    const { shift, mask } = NvmeConfiguration.submissionEntry
    const wrong = this.#check(
      words,
      at,
      this.submission,
      pageSize,
      (configuration >>> shift) & mask,
      NVME_COMMAND_SHIFT,
    )
    if (wrong !== NvmeStatus.success) return wrong
    const completionId = (words[at + NvmeCommandWord.cdw11] as number) >>> 16
    if (completionId === 0 || completionId > this.limits.pairs) return NvmeStatus.invalidQueueIdentifier
    const completion = this.completion[completionId]
    if (completion === undefined) return NvmeStatus.completionQueueInvalid
    const place = placeOf(words, at)
    this.submission[place.id] = new SubmissionQueue(place, completion)
    return NvmeStatus.success
  }

  /** Delete I/O Completion Queue (section 5.5). */
  deleteCompletion(id: number): NvmeStatusCode {
    const queue = id === 0 ? undefined : this.completion[id]
    if (queue === undefined) return NvmeStatus.invalidQueueIdentifier
    if (queue.users > 0) return NvmeStatus.invalidQueueDeletion
    this.completion[id] = undefined
    return NvmeStatus.success
  }

  /** The I/O submission queue that Delete I/O Submission Queue names (section 5.6), taken out of the set. */
  takeSubmission(id: number): SubmissionQueue | undefined {
    const queue = id === 0 ? undefined : this.submission[id]
    if (queue === undefined) return undefined
    this.submission[id] = undefined
    queue.completion.users--
    return queue
  }

  /** Forgets all queues, as a reset of the controller does (section 7.3.2). */
  clear(): void {
    this.submission.fill(undefined)
    this.completion.fill(undefined)
  }

  save(): SavedQueues {
    return {
      completion: this.completion.flatMap((queue) => (queue === undefined ? [] : [queue.save()])),
      submission: this.submission.flatMap((queue) => (queue === undefined ? [] : [queue.save()])),
    }
  }

  restore(saved: SavedQueues): void {
    this.clear()
    for (const queue of saved.completion) this.completion[queue.id] = CompletionQueue.restore(queue)
    for (const queue of saved.submission) {
      const completion = this.completion[queue.completion] as CompletionQueue
      this.submission[queue.id] = SubmissionQueue.restore(queue, completion)
    }
  }

  /** What both kinds have in common; `entryShift` is what the guest has told in CC, 0 where it has not. */
  #check(
    words: Uint32Array,
    at: number,
    existing: readonly unknown[],
    pageSize: number,
    entryShift: number,
    neededShift: number,
  ): NvmeStatusCode {
    const { id, size } = placeOf(words, at)
    const flags = words[at + NvmeCommandWord.cdw11] as number
    if (id === 0 || id > this.limits.pairs || existing[id] !== undefined) return NvmeStatus.invalidQueueIdentifier
    if (size < 2 || size > this.limits.entries || entryShift !== neededShift) return NvmeStatus.invalidQueueSize
    if ((flags & NvmeQueueFlags.contiguous) === 0) return NvmeStatus.invalidField
    const misplaced = ((words[at + NvmeCommandWord.prp1] as number) & (pageSize - 1)) !== 0
    return misplaced ? NvmeStatus.prpOffsetInvalid : NvmeStatus.success
  }
}

function placeOf(
  words: Uint32Array,
  at: number,
): { readonly id: number; readonly frame: number; readonly size: number } {
  const queue = words[at + NvmeCommandWord.cdw10] as number
  const low = words[at + NvmeCommandWord.prp1] as number
  return {
    id: queue & 0xffff,
    frame: frameOfWords(low, words[at + NvmeCommandWord.prp1 + 1] as number),
    size: (queue >>> 16) + 1,
  }
}
