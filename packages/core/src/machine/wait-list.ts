import { type Wait, Waits } from '../time/waits.ts'

/** Waits that can be looked at one by one, in the order of waiting: for a report on several machines together. */
export class WaitList extends Waits implements Iterable<Wait> {
  readonly #begun = new Set<Wait>()

  override begin(who: string, whom: string, what: string): Wait {
    const wait = super.begin(who, whom, what)
    const listed: Wait = {
      who,
      whom,
      what,
      end: () => {
        wait.end()
        this.#begun.delete(listed)
      },
    }
    this.#begun.add(listed)
    return listed
  }

  override clear(): void {
    super.clear()
    this.#begun.clear()
  }

  [Symbol.iterator](): IterableIterator<Wait> {
    return this.#begun.values()
  }
}
