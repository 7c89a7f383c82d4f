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

test('a count tells the virtual time that is reached, however often it is told', () => {
  const { stream, written } = terminal(true)
  const run = startProgress('run', stream)

  for (let events = 1; events <= 1000; events++) run.count(events * 1024, 'events', `${events} ms`)
  run.stop()

  expect(written()).toContain('run 1024000 events, 1000 ms')
  expect(written().match(/events/g)?.length).toBeLessThan(50)
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

test('a display that was taken away comes back with what it is told, and leaves cursor and line wrap alone', () => {
  const { stream, written } = terminal(true)
  const run = startProgress('run', stream)

  run.count(1024, 'events', '1 ms')
  run.stop()
  run.count(2048, 'events', '2 ms')
  run.stop()

  expect(written().match(/run \d+ events\S* \d ms/g)).toEqual(
    expect.arrayContaining(['run 1024 events, 1 ms', 'run 2048 events, 2 ms']),
  )
  expect(written()).not.toMatch(/\{|run 0|\?25l|\?7l/)
})
