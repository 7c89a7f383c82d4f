import { mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { expect, test } from 'vitest'
import { readGzipText } from '../src/gzip-text.ts'

const folder = mkdtempSync(join(tmpdir(), 'hostbridge-'))

async function read(name: string, content: Uint8Array): Promise<string> {
  const file = join(folder, name)
  writeFileSync(file, content)
  let text = ''
  const broken = (cause: Error): Error => new Error(`broken after ${text.length}: ${cause.message}`)
  for await (const piece of readGzipText(file, { encoding: 'utf8', broken })) text += piece
  return text
}

test('unpacks a text, its characters whole where pieces end inside them', async () => {
  const text = '€'.repeat(100_000)

  expect(await read('whole.gz', gzipSync(text))).toBe(text)
})

test('throws what the caller makes of a stream that ends early or is no gzip', async () => {
  await expect(read('cut.gz', gzipSync('text').subarray(0, 15))).rejects.toThrow(
    /^broken after \d+: unexpected end of file/,
  )
  await expect(read('plain.gz', Buffer.from('text'))).rejects.toThrow('broken after 0: incorrect header check')
})

test('names a file that cannot be read', async () => {
  const broken = (cause: Error): Error => cause
  const reading = readGzipText(join(folder, 'none.gz'), { encoding: 'utf8', broken })

  await expect(reading.next()).rejects.toMatchObject({ code: 'input.unreadable' })
})
