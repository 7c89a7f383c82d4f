import type { FlatRange, MemoryListener, RamSection } from '../../../src/memory/index.ts'

/** A listener that writes down all that concerns logging, behind its name, with sections in pages of 4 KiB. */
export class LoggingListener implements MemoryListener {
  readonly name: string
  readonly priority: number
  readonly log: string[]
  /** Why it cannot log. */
  refuses: string | undefined = undefined

  constructor(name: string, log: string[], priority = 0) {
    this.name = name
    this.log = log
    this.priority = priority
  }

  logStart(section: FlatRange, _space: unknown, before: number, after: number): void {
    this.log.push(`${this.name} start ${inPages(section)} ${before}>${after}`)
  }

  logStop(section: FlatRange, _space: unknown, before: number, after: number): void {
    this.log.push(`${this.name} stop ${inPages(section)} ${before}>${after}`)
  }

  logSync(section: FlatRange): void {
    this.log.push(`${this.name} sync ${inPages(section)}`)
  }

  logClear(section: RamSection): void {
    this.log.push(`${this.name} clear ${inPages(section)}`)
  }

  logGlobalStart(): string | undefined {
    this.log.push(`${this.name} global start`)
    return this.refuses
  }

  logGlobalStop(): void {
    this.log.push(`${this.name} global stop`)
  }

  logGlobalAfterSync(): void {
    this.log.push(`${this.name} after sync`)
  }
}

function inPages({ region, start, last, offset }: RamSection): string {
  const page = (address: bigint) => Number(address) / 4096
  return `${region.name}[${page(start)}..${page(last + 1n)}) @${page(offset)}`
}
