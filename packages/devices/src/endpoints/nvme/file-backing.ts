import type { BackingResult, BlockBacking } from './block-backing.ts'

/** The part of `node:fs` that a disk in a file needs: hand it in, so that everything else runs in a browser. */
export interface FileSystemCalls {
  readSync(file: number, into: Uint8Array, offset: number, length: number, position: number): number
  writeSync(file: number, from: Uint8Array, offset: number, length: number, position: number): number
  fsyncSync(file: number): void
  fstatSync(file: number): { readonly size: number }
}

/**
 * Blocks in a file that somebody has opened for reading and writing, and closes: its size is the disk's.
 *
 * What it holds is not part of a saved machine.
 */
export class FileBacking implements BlockBacking {
  readonly size: number
  readonly #fs: FileSystemCalls
  readonly #file: number

  /** `file` is a descriptor of `fs`. */
  constructor(fs: FileSystemCalls, file: number) {
    this.#fs = fs
    this.#file = file
    this.size = fs.fstatSync(file).size
  }

  /** What lies behind the end of a file that was cut reads 0. */
  read(position: number, into: Uint8Array): BackingResult {
    return attempt(() => {
      for (let done = 0; done < into.length; ) {
        const count = this.#fs.readSync(this.#file, into, done, into.length - done, position + done)
        if (count === 0) into.fill(0, done)
        done = count === 0 ? into.length : done + count
      }
    })
  }

  write(position: number, from: Uint8Array): BackingResult {
    return attempt(() => {
      for (let done = 0; done < from.length; ) {
        done += this.#fs.writeSync(this.#file, from, done, from.length - done, position + done)
      }
    })
  }

  flush(): BackingResult {
    return attempt(() => this.#fs.fsyncSync(this.#file))
  }
}

/** What the host's file system throws is a failed request. */
function attempt(request: () => void): BackingResult {
  try {
    request()
    return 'done'
  } catch (error) {
    return (error as { code?: unknown }).code === 'ENOSPC' ? 'full' : 'failed'
  }
}
