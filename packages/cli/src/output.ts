import Table from 'cli-table3'

/** Where a command prints: words for a person, or with `--json` one object and nothing else. */
export class Output {
  readonly json: boolean
  readonly #write: (text: string) => void

  constructor(json: boolean, write: (text: string) => void = (text) => void process.stdout.write(text)) {
    this.json = json
    this.#write = write
  }

  /** Prints a line for a person; nothing with `--json`. */
  line(text = ''): void {
    if (!this.json) this.#write(`${text}\n`)
  }

  /** Prints rows below a head, numbers to the right; nothing with `--json`. */
  table(head: readonly string[], rows: readonly (readonly string[])[]): void {
    if (this.json) return
    const table = new Table({
      head: [...head],
      colAligns: head.map((_, column) => (column === 0 ? 'left' : 'right')),
      style: { head: [], border: [], compact: true },
    })
    for (const row of rows) table.push([...row])
    this.#write(`${table.toString()}\n`)
  }

  /** Prints the result of the command; nothing without `--json`. */
  result(value: object): void {
    if (this.json) this.#write(`${JSON.stringify(value, jsonNumber, 2)}\n`)
  }
}

/** Numbers beyond 2^53 become hex strings, as in the recorded data. */
function jsonNumber(_key: string, value: unknown): unknown {
  if (typeof value !== 'bigint') return value
  const exact = value >= BigInt(Number.MIN_SAFE_INTEGER) && value <= BigInt(Number.MAX_SAFE_INTEGER)
  return exact ? Number(value) : `0x${value.toString(16)}`
}
