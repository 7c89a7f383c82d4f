import { HostbridgeError } from '../../errors.ts'

/** What somebody needs of discarding: that there is none of any kind, or none but what a manager coordinates; or to discard, with a manager or without. */
export type DiscardUse = 'disable' | 'disable-uncoordinated' | 'require' | 'require-coordinated'

const opponents: Readonly<Record<DiscardUse, readonly DiscardUse[]>> = {
  disable: ['require', 'require-coordinated'],
  'disable-uncoordinated': ['require'],
  require: ['disable', 'disable-uncoordinated'],
  'require-coordinated': ['disable'],
}

/**
 * Sees to it that nobody discards memory under somebody who cannot bear it (RD-11): whoever pins all memory disables all
 * discarding, who follows discard managers only that without one; balloons and virtio-mem require it.
 */
export class DiscardCounters {
  readonly #owners: Readonly<Record<DiscardUse, string[]>> = {
    disable: [],
    'disable-uncoordinated': [],
    require: [],
    'require-coordinated': [],
  }

  /** How often a use is in force. */
  count(use: DiscardUse): number {
    return this.#owners[use].length
  }

  /** Whether {@link enter} would succeed. */
  allows(use: DiscardUse): boolean {
    return opponents[use].every((opponent) => this.#owners[opponent].length === 0)
  }

  /**
   * Puts a use into force for `owner`, whose name is for messages; the function that is returned ends it, once.
   *
   * @throws HostbridgeError `memory.discard-busy` where somebody needs the opposite (QEMU: EBUSY).
   */
  enter(use: DiscardUse, owner: string): () => void {
    for (const opponent of opponents[use]) {
      const [other] = this.#owners[opponent]
      if (other === undefined) continue
      throw new HostbridgeError(
        'memory.discard-busy',
        `'${owner}' needs '${use}' of the discarding of RAM while '${other}' needs '${opponent}': unplug one of the two`,
        { owner, use, other, opponent },
      )
    }
    this.#owners[use].push(owner)
    let isOver = false
    return () => {
      if (isOver) return
      isOver = true
      this.#owners[use].splice(this.#owners[use].indexOf(owner), 1)
    }
  }
}
