/** Says what is wrong with a line; the reader adds the file and the line's number. */
export class LineFault extends Error {
  override readonly name = 'LineFault'
}

const SPACE = 0x20

/** The most digits of a number: 64 bits in hexadecimal. */
const LONGEST_NUMBER = 16

/**
 * The fields of a line, taken one after the other, with one space between. Numbers are read in place: cutting a line
 * into strings takes longer than all else that is done with it.
 *
 * Every method throws {@link LineFault} where the next field is missing or is not what it is to be.
 */
export class LineFields {
  readonly #text: string
  #at = 0

  constructor(text: string) {
    this.#text = text
  }

  get atEnd(): boolean {
    return this.#at > this.#text.length
  }

  word(): string {
    const text = this.#rest()
    this.#at += text.length + 1
    return text
  }

  /** A decimal number, up to `max`. */
  decimal(what: string, max: number): number {
    const start = this.#at
    const value = this.#number(10, what)
    if (value > max) throw this.#tooLarge(what, start)
    return value
  }

  /** A hexadecimal number of up to 32 bits. */
  hexadecimal32(what: string): number {
    const start = this.#at
    const value = this.#number(16, what)
    if (value > 0xffffffff) throw this.#tooLarge(what, start)
    return value
  }

  /** A hexadecimal number of up to 64 bits. */
  hexadecimal(what: string): bigint {
    const start = this.#at
    const value = this.#number(16, what)
    return value <= Number.MAX_SAFE_INTEGER ? BigInt(value) : BigInt(`0x${this.#text.slice(start, this.#at - 1)}`)
  }

  #number(base: number, what: string): number {
    const text = this.#text
    const start = this.#at
    let at = start
    let value = 0
    for (; at < text.length; at++) {
      const code = text.charCodeAt(at)
      if (code === SPACE) break
      const digit = code < 0x61 ? code - 0x30 : code - 0x57
      if (digit < 0 || digit >= base || (code < 0x61 && digit > 9)) throw this.#noNumber(base, what, start)
      value = value * base + digit
    }
    if (at === start || at - start > LONGEST_NUMBER) throw this.#noNumber(base, what, start)
    this.#at = at + 1
    return value
  }

  #noNumber(base: number, what: string, start: number): LineFault {
    this.#at = start
    const kind = base === 10 ? 'decimal' : 'hexadecimal'
    return new LineFault(`${what} '${shorten(this.#rest())}' is no ${kind} number of up to ${LONGEST_NUMBER} digits`)
  }

  #tooLarge(what: string, start: number): LineFault {
    return new LineFault(`${what} ${this.#text.slice(start, this.#at - 1)} is too large`)
  }

  #rest(): string {
    const end = this.#text.indexOf(' ', this.#at)
    return this.#text.slice(this.#at, end < 0 ? this.#text.length : end)
  }
}

/** A text as a message shows it: its beginning, and no character that a terminal obeys. */
export function shorten(text: string, most = 40): string {
  const shown = text
    .slice(0, most)
    .replace(/[^ -~]/g, (char) => `\\x${char.charCodeAt(0).toString(16).padStart(2, '0')}`)
  return text.length > most ? `${shown}…` : shown
}
