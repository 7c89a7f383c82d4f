import type { DiscardListener, RamSection, Refusal } from '../../../src/memory/index.ts'

/** A listener that writes what it hears into a log, in pages of 4 KiB: `name + 10..13 @2` for addresses and the first offset. */
export class RecordingDiscardListener implements DiscardListener {
  readonly name: string
  readonly doubleDiscard: boolean
  readonly log: string[]
  /** Pages of the region that it holds. */
  readonly pages = new Set<number>()
  /** Pages of the region that it refuses. */
  readonly refuses = new Set<number>()

  constructor(name: string, log: string[] = [], doubleDiscard = false) {
    this.name = name
    this.log = log
    this.doubleDiscard = doubleDiscard
  }

  populate(section: RamSection): Refusal | undefined {
    this.log.push(this.#text('+', section))
    const pages = pagesOf(section)
    if (pages.some((page) => this.refuses.has(page))) {
      return [{ iova: section.start, size: 4096n, code: 'limit', reason: `'${this.name}' is full` }]
    }
    for (const page of pages) this.pages.add(page)
    return undefined
  }

  discard(section: RamSection): void {
    this.log.push(this.#text('-', section))
    for (const page of pagesOf(section)) this.pages.delete(page)
  }

  #text(what: string, { start, last, offset }: RamSection): string {
    return `${this.name} ${what} ${start / 4096n}..${last / 4096n} @${offset / 4096n}`
  }
}

/** The pages of the region that a section shows. */
function pagesOf({ start, last, offset }: RamSection): number[] {
  return Array.from({ length: Number((last - start + 1n) / 4096n) }, (_, index) => Number(offset / 4096n) + index)
}
