import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { readTrace } from '../../src/trace/reader.ts'
import type { TraceEvent } from '../../src/trace/trace-event.ts'

const TRACES = new URL('../../../../reference/traces/', import.meta.url).pathname

let folder = ''
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'hostbridge-trace-'))
})
afterAll(() => {
  rmSync(folder, { recursive: true })
})

function file(content: Uint8Array): string {
  const path = join(folder, 'a.trace.gz')
  writeFileSync(path, content)
  return path
}

async function read(path: string): Promise<TraceEvent[]> {
  const events: TraceEvent[] = []
  for await (const batch of readTrace(path)) events.push(...batch)
  return events
}

describe('a trace', () => {
  it('is read whole, its lines numbered from 1', async () => {
    const events = await read(join(TRACES, 'pseries-linux-6.12-ddw.trace.gz'))

    expect(events).toHaveLength(87162)
    expect(events.at(-1)).toEqual({
      kind: 'xlate',
      time: 21951810684,
      line: 87162,
      liobn: 0x80000001,
      ioba: 0x80000000249a004n,
      access: 2,
    })
  })

  it('may end without a line feed', async () => {
    const path = file(gzipSync('1 disable 80000000\n2 disable 80000001'))

    expect(await read(path)).toHaveLength(2)
  })
})

describe('a damaged trace', () => {
  it.each([
    ['an unknown event', '1 disable 80000000\n2 fetch 0\n', 2, "unknown event 'fetch': '2 fetch 0'"],
    ['a blank line', '1 disable 80000000\n\n', 2, 'no event'],
    ['time that runs backwards', '7 disable 0\n7 disable 0\n5 disable 0\n', 3, 'time runs backwards, from 7 to 5'],
    ['a wrong number of fields', '1 put 0 0\n', 1, 'put has 4 fields, not 5'],
    [
      'characters that a terminal obeys',
      '1 put 0 0 3\r\n',
      1,
      "TCE '3\\x0d' is no hexadecimal number of up to 16 digits: '1 put 0 0 3\\x0d'",
    ],
    ['nothing in it', '', 1, 'the trace is empty'],
    ['a line that does not end', `1 put ${'0'.repeat(10_000)}`, 1, 'the line is longer than 8832 characters'],
  ])('with %s is named with file, line and event', async (_, text, line, what) => {
    const path = file(gzipSync(text))

    const reading = read(path)

    await expect(reading).rejects.toMatchObject({
      name: 'HostbridgeError',
      code: 'trace.damaged',
      facts: { file: path, line },
    })
    await expect(reading).rejects.toThrow(`${path}, line ${line}: ${what}`)
  })

  it('that is cut off is named with the line where it ends', async () => {
    const lines = Array.from({ length: 5000 }, (_, index) => `${index} put 80000000 ${(index * 7919).toString(16)} 3`)
    const whole = gzipSync(`${lines.join('\n')}\n`)
    const path = file(whole.subarray(0, whole.length >> 1))

    const error = await read(path).catch((cause: unknown) => cause)

    expect(error).toMatchObject({
      code: 'trace.damaged',
      message: expect.stringContaining('the compressed stream is broken'),
    })
    expect((error as { facts: { line: number } }).facts.line).toBeGreaterThan(1)
    expect((error as { facts: { line: number } }).facts.line).toBeLessThan(5000)
  })

  it.each([
    ['no gzip at all', Buffer.from('1 disable 80000000\n')],
    ['an empty file', Buffer.alloc(0)],
  ])('that is %s is named at line 1', async (_, content) => {
    const path = file(content)

    await expect(read(path)).rejects.toMatchObject({ code: 'trace.damaged', facts: { file: path, line: 1 } })
  })

  it('with a wrong checksum is named', async () => {
    const content = gzipSync('1 disable 80000000\n')
    content.writeUInt32LE(0, content.length - 8)

    await expect(read(file(content))).rejects.toMatchObject({ code: 'trace.damaged' })
  })

  it('that is not there is unreadable, which is not damaged', async () => {
    await expect(read(join(folder, 'none.trace.gz'))).rejects.toMatchObject({ code: 'input.unreadable' })
  })
})
