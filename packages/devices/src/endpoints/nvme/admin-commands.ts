import type { AsyncEvents } from './async-events.ts'
import type { Features } from './features.ts'
import {
  activeNamespaces,
  type ControllerIdentity,
  identifyController,
  identifyNamespace,
  namespaceDescriptors,
} from './identify.ts'
import type { LogPages } from './log-pages.ts'
import type { NvmeNamespace } from './namespace.ts'
import type { PrpList } from './prp-list.ts'
import type { QueueSet } from './queue-set.ts'
import type { SubmissionQueue } from './queues.ts'
import { NVME_ALL_NAMESPACES, NVME_UNSUPPORTED_FORMS, NvmeAdmin, NvmeCommandWord } from './spec/command.ts'
import { NvmeIdentify } from './spec/identify.ts'
import { NVME_RETAIN_EVENT, NvmeAsyncEvent, NvmeLogPage } from './spec/log-page.ts'
import { NvmeStatus, type NvmeStatusCode } from './spec/status.ts'

/** Who has the commands that are under way. */
export interface CommandsUnderWay {
  /** Completes one as aborted; false where it is not under way. */
  abort(queue: number, command: number): boolean
  /** Completes all of a queue that goes. */
  abortAll(queue: SubmissionQueue): void
}

/** What admin commands work on. */
export interface AdminParts {
  readonly identity: ControllerIdentity
  readonly namespaces: readonly NvmeNamespace[]
  readonly queues: QueueSet
  readonly prps: PrpList
  readonly logs: LogPages
  readonly features: Features
  readonly events: AsyncEvents
  /** Bytes of the longest transfer. */
  readonly mostBytes: number
  /** CC, as the guest has set it: it tells the sizes of entries when it knows them. */
  configuration(): number
}

/** The admin command set (NVM Express 1.3d, section 5). */
export class AdminCommands {
  /** log2 of the bytes of a page. */
  pageShift = 12
  /** The first word of the last command's completion. */
  result = 0
  readonly #parts: AdminParts
  readonly #underWay: CommandsUnderWay

  constructor(parts: AdminParts, underWay: CommandsUnderWay) {
    this.#parts = parts
    this.#underWay = underWay
  }

  /** Does the command at word `at`; `undefined` where it waits for an event. */
  execute(words: Uint32Array, at: number): NvmeStatusCode | undefined {
    const { queues, features } = this.#parts
    const command = words[at] as number
    const cdw10 = words[at + NvmeCommandWord.cdw10] as number
    const cdw11 = words[at + NvmeCommandWord.cdw11] as number
    this.result = 0
    if ((command & NVME_UNSUPPORTED_FORMS) !== 0) return NvmeStatus.invalidField
    switch (command & 0xff) {
      case NvmeAdmin.deleteSubmissionQueue:
        return this.#deleteSubmission(cdw10 & 0xffff)
      case NvmeAdmin.createSubmissionQueue:
        return queues.createSubmission(words, at, this.#parts.configuration(), 2 ** this.pageShift)
      case NvmeAdmin.getLogPage:
        return this.#getLogPage(words, at)
      case NvmeAdmin.deleteCompletionQueue:
        return queues.deleteCompletion(cdw10 & 0xffff)
      case NvmeAdmin.createCompletionQueue:
        return queues.createCompletion(words, at, this.#parts.configuration(), 2 ** this.pageShift)
      case NvmeAdmin.identify:
        return this.#identify(words, at)
      case NvmeAdmin.abort:
        this.result = this.#underWay.abort(cdw10 & 0xffff, cdw10 >>> 16) ? 0 : 1
        return NvmeStatus.success
      case NvmeAdmin.setFeatures:
        return this.#withResult(features.set(cdw10, cdw11, queues.hasIo))
      case NvmeAdmin.getFeatures:
        return this.#withResult(features.get(cdw10, cdw11))
      case NvmeAdmin.asyncEventRequest:
        return this.#parts.events.park(command >>> 16) ? undefined : NvmeStatus.asyncEventLimitExceeded
      default:
        return NvmeStatus.invalidOpcode
    }
  }

  /** Section 5.6: what was fetched of the queue is aborted. */
  #deleteSubmission(id: number): NvmeStatusCode {
    const queue = this.#parts.queues.takeSubmission(id)
    if (queue === undefined) return NvmeStatus.invalidQueueIdentifier
    this.#underWay.abortAll(queue)
    return NvmeStatus.success
  }

  /** Section 5.15. */
  #identify(words: Uint32Array, at: number): NvmeStatusCode {
    const { namespaces, identity } = this.#parts
    const id = words[at + NvmeCommandWord.namespace] as number
    const isNumbered = id >= 1 && id <= namespaces.length
    switch ((words[at + NvmeCommandWord.cdw10] as number) & 0xff) {
      case NvmeIdentify.namespace:
        if (!isNumbered) return NvmeStatus.invalidNamespace
        return this.#give(words, at, identifyNamespace(namespaces[id - 1]))
      case NvmeIdentify.controller:
        return this.#give(words, at, identifyController(identity))
      case NvmeIdentify.activeNamespaces:
        // The two highest numbers are nobody's and everybody's (section 5.15.4).
        if (id >= NVME_ALL_NAMESPACES - 1) return NvmeStatus.invalidNamespace
        return this.#give(words, at, activeNamespaces(namespaces, id))
      case NvmeIdentify.namespaceDescriptors:
        if (!isNumbered) return NvmeStatus.invalidNamespace
        return this.#give(words, at, namespaceDescriptors(identity.serial, id))
      default:
        return NvmeStatus.invalidField
    }
  }

  /** Section 5.14: a part of a page, from an offset on; of what is asked for past its end nothing is written. */
  #getLogPage(words: Uint32Array, at: number): NvmeStatusCode {
    const cdw10 = words[at + NvmeCommandWord.cdw10] as number
    const upper = (words[at + NvmeCommandWord.cdw11] as number) & 0xffff
    const length = 4 * (upper * 2 ** 16 + (cdw10 >>> 16) + 1)
    const low = words[at + NvmeCommandWord.cdw12] as number
    const offset = (words[at + NvmeCommandWord.cdw13] as number) * 2 ** 32 + low
    const id = cdw10 & 0xff
    const page = this.#parts.logs.page(id)
    if (page === undefined) return NvmeStatus.invalidLogPage
    if (offset % 4 !== 0 || offset > page.length || length > this.#parts.mostBytes) return NvmeStatus.invalidField
    const part = page.subarray(offset, offset + length)
    const status = part.length === 0 ? NvmeStatus.success : this.#give(words, at, part)
    const isRead = status === NvmeStatus.success && (cdw10 & NVME_RETAIN_EVENT) === 0
    if (isRead && id === NvmeLogPage.error) this.#parts.events.unmask(NvmeAsyncEvent.errorType)
    return status
  }

  #give(words: Uint32Array, at: number, data: Uint8Array): NvmeStatusCode {
    const { prps } = this.#parts
    return prps.gather(words, at, data.length, this.pageShift) || prps.write(data)
  }

  #withResult(status: NvmeStatusCode): NvmeStatusCode {
    if (status === NvmeStatus.success) this.result = this.#parts.features.result
    return status
  }
}
