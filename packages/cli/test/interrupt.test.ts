import { expect, test } from 'vitest'
import { Interrupted, interruptible } from '../src/interrupt.ts'

/** The listener that a call has added; it is called in place of a signal, which others here would hear too. */
function newListener(before: readonly unknown[]): () => void {
  const [listener] = process.listeners('SIGINT').filter((candidate) => !before.includes(candidate))
  return listener as () => void
}

test('Ctrl-C aborts the signal of the work, with a reason that says so', async () => {
  const before = process.listeners('SIGINT')

  const work = interruptible(async (signal) => {
    newListener(before)()
    signal.throwIfAborted()
  })

  await expect(work).rejects.toBeInstanceOf(Interrupted)
  expect(process.listeners('SIGINT')).toEqual(before)
})

test('work that ends gives its result, and Ctrl-C means what it meant before', async () => {
  const before = process.listeners('SIGINT')

  const result = await interruptible(async (signal) => [process.listenerCount('SIGINT'), signal.aborted])

  expect(result).toEqual([before.length + 1, false])
  expect(process.listeners('SIGINT')).toEqual(before)
})

test('what the work throws passes through', async () => {
  const before = process.listenerCount('SIGINT')

  await expect(interruptible(() => Promise.reject(new Error('lost')))).rejects.toThrow('lost')

  expect(process.listenerCount('SIGINT')).toBe(before)
})
