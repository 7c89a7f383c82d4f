import { PassThrough } from 'node:stream'
import { expect, test } from 'vitest'
import { startProgress } from '../src/progress.ts'

/** A stream that is a terminal or is none, and what was written to it. */
function terminal(isTTY: boolean): { stream: NodeJS.WriteStream; written: () => string } {
  const stream = new PassThrough()
  let text = ''
  stream.on('data', (data: Buffer) => {
    text += data.toString()
  })
  const screen = { isTTY, columns: 80, cursorTo() {}, moveCursor() {}, clearLine() {}, clearScreenDown() {} }
  return { stream: Object.assign(stream, screen) as unknown as NodeJS.WriteStream, written: () => text }
}

test('a bar shows the share that is done, and what is counted', () => {
  const { stream, written } = terminal(true)
  const replay = startProgress('replay', stream)
  const trace = startProgress('trace', stream)

  replay.update(1, 4)
  replay.stop()
  trace.count(1234, 'events')
  trace.stop()

  expect(written()).toMatch(/replay .*25%/)
  expect(written()).toContain('trace 1234 events')
})

test('nothing is drawn where nobody looks', () => {
  const { stream, written } = terminal(false)
  const progress = startProgress('replay', stream)

  progress.update(1, 4)
  progress.count(1, 'events')
  progress.stop()

  expect(written()).toBe('')
})

test('a display that never began can be stopped', () => {
  const { stream, written } = terminal(true)

  startProgress('replay', stream).stop()

  expect(written()).toBe('')
})
