import { ABSENT } from '../spec/header.ts'

/** Configuration space as firmware reaches it: one register of one function at a time, and nothing else of the machine. */
export interface ConfigAccess {
  /** Reads `size` bytes (1, 2 or 4) of a function, named by its routing id: bus 15..8, device 7..3, function 2..0. All ones where nobody is. */
  read(address: number, offset: number, size: number): number
  /** Writes `size` bytes; nothing happens where nobody is. */
  write(address: number, offset: number, size: number, value: number): void
}

/** What a read of `size` bytes finds where nobody is. */
export function allOnes(size: number): number {
  return ABSENT >>> (32 - 8 * size)
}
