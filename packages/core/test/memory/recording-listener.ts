import type { AddressSpace, FlatRange, MemoryListener, Refusal } from '../../src/memory/index.ts'

/** A listener that writes what it hears into a log which several may share: `add name region[start..last]`. */
export class RecordingListener implements MemoryListener {
  readonly name: string
  readonly priority: number
  readonly log: string[]
  /** What `regionAdd` answers. */
  refuse: (section: FlatRange) => Refusal | undefined = () => undefined

  constructor(name: string, log: string[] = [], priority = 0) {
    this.name = name
    this.log = log
    this.priority = priority
  }

  begin(): void {
    this.log.push(`begin ${this.name}`)
  }

  regionAdd(section: FlatRange): Refusal | undefined {
    this.#note('add', section)
    return this.refuse(section)
  }

  regionDel(section: FlatRange): void {
    this.#note('del', section)
  }

  regionNop(section: FlatRange): void {
    this.#note('nop', section)
  }

  logStart(section: FlatRange, _space: AddressSpace, before: number, after: number): void {
    this.#note('start', section, ` ${before}>${after}`)
  }

  logStop(section: FlatRange, _space: AddressSpace, before: number, after: number): void {
    this.#note('stop', section, ` ${before}>${after}`)
  }

  commit(): void {
    this.log.push(`commit ${this.name}`)
  }

  /** Empties the log and returns what was in it. */
  take(): string[] {
    return this.log.splice(0)
  }

  #note(what: string, { region, start, last }: FlatRange, masks = ''): void {
    this.log.push(`${what} ${this.name} ${region.name}[${start.toString(16)}..${last.toString(16)}]${masks}`)
  }
}
