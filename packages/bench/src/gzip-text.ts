import { createReadStream } from 'node:fs'
import { createGunzip } from 'node:zlib'
import { HostbridgeError } from '@hostbridge/core'

export interface GzipTextOptions {
  readonly encoding: 'latin1' | 'utf8'
  /** What to throw where the compressed stream ends early or is no gzip. */
  broken(cause: Error): Error
}

/**
 * Unpacks a compressed text piece by piece, in the memory of one piece.
 *
 * @throws HostbridgeError `input.unreadable` where the file cannot be read; what `broken` makes where it is damaged.
 */
export async function* readGzipText(file: string, options: GzipTextOptions): AsyncGenerator<string, void, undefined> {
  const compressed = createReadStream(file)
  const unpacked = createGunzip()
  unpacked.setEncoding(options.encoding)
  let unreadable: Error | undefined
  compressed.on('error', (cause) => {
    unreadable = cause
    unpacked.destroy(cause)
  })
  compressed.pipe(unpacked)
  try {
    for await (const text of unpacked) yield text as string
  } catch (cause) {
    if (unreadable === undefined) throw options.broken(cause as Error)
    const message = `${file} cannot be read: ${unreadable.message}`
    throw new HostbridgeError('input.unreadable', message, { file }, { cause })
  } finally {
    compressed.destroy()
    unpacked.destroy()
  }
}
