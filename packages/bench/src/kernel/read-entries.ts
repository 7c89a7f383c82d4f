import { type LinearSegment, segmentWords } from '@hostbridge/core/iommu'
import { RunBuffer } from './run-buffer.ts'
import { instantiate, type WasmModule } from './web-assembly.ts'

/** Entries of one call; see `KernelCursor`. */
const ENTRIES_PER_CALL = 2 ** 17

/**
 * Prepares to read every entry of a segment once, with the kernel where there is one. The reader says whether any bit is set;
 * what it takes is the time that no walk over all entries can beat on one thread.
 */
export function readEntries(segment: LinearSegment, kernel: WasmModule | undefined): () => boolean {
  if (kernel === undefined) return () => readWords(segmentWords(segment)) !== 0
  const { read } = instantiate(kernel, segment.memory, RunBuffer.create(1024).memory)
  return () => {
    let found = 0
    for (let first = 0; first < segment.entries; first += ENTRIES_PER_CALL) {
      found |= read(first, Math.min(first + ENTRIES_PER_CALL, segment.entries))
    }
    return found !== 0
  }
}

/** All words OR-ed, in four streams that do not wait for each other. */
function readWords(words: Int32Array): number {
  let [a, b, c, d] = [0, 0, 0, 0]
  for (let at = 0; at < words.length; at += 8) {
    a |= (words[at] as number) | (words[at + 1] as number)
    b |= (words[at + 2] as number) | (words[at + 3] as number)
    c |= (words[at + 4] as number) | (words[at + 5] as number)
    d |= (words[at + 6] as number) | (words[at + 7] as number)
  }
  return a | b | c | d
}
