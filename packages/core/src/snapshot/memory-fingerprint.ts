import type { Machine } from '../machine/machine.ts'
import { Fingerprint, hashText } from '../time/fingerprint.ts'
import { memoriesOf, wordsOf } from './saved-memory.ts'

/**
 * The hash of the contents of all memories of a machine, as text: equal contents have equal ones, whether zeros were written
 * or nothing. Costs a look at every byte that was ever written.
 */
export function memoryFingerprint(machine: Machine): string {
  const hash = new Fingerprint()
  for (const [name, memory] of memoriesOf(machine)) {
    hash.addNumbers(Number(memory.size), 0, 0, hashText(name))
    for (const [chunk, bytes] of memory.chunks()) addChunk(hash, chunk, bytes)
  }
  return hash.toString()
}

/** Adds the words that are not zero, four at a time with their place; a last word that is cut short is filled with zeros. */
function addChunk(hash: Fingerprint, chunk: number, bytes: Uint8Array): void {
  const whole = bytes.length & ~15
  const words = wordsOf(bytes.subarray(0, whole))
  for (let at = 0; at < words.length; at += 4) addWords(hash, chunk, at, words, at)
  if (whole === bytes.length) return
  const rest = new Uint8Array(16)
  rest.set(bytes.subarray(whole))
  addWords(hash, chunk, whole / 4, new Int32Array(rest.buffer), 0)
}

function addWords(hash: Fingerprint, chunk: number, place: number, words: Int32Array, at: number): void {
  const first = words[at] as number
  const second = words[at + 1] as number
  const third = words[at + 2] as number
  const fourth = words[at + 3] as number
  if ((first | second | third | fourth) === 0) return
  hash.addNumbers(chunk, place, first, second)
  hash.addNumbers(chunk, place, third, fourth)
}
