import { HostbridgeError } from '@hostbridge/core/lockstep'
import { describe, expect, test } from 'vitest'
import { fromPlain, toPlain } from '../src/plain-error.ts'

describe('an error that is posted to another thread', () => {
  test('keeps class, code, facts, stack and causes', () => {
    const cause = new TypeError('the reason')
    const error = new HostbridgeError('area.what', 'the message', { at: 5n, who: 'a' }, { cause })

    const found = fromPlain(structuredClone(toPlain(error))) as HostbridgeError

    expect(found).toBeInstanceOf(HostbridgeError)
    expect(found).toMatchObject({ code: 'area.what', message: 'the message', facts: { at: 5n, who: 'a' } })
    expect(found.stack).toBe(error.stack)
    expect(found.cause).toMatchObject({ message: 'the reason', stack: cause.stack })
  })

  test('is told though it is its own cause, or what was thrown has no text', () => {
    const round: Error = new Error('round')
    round.cause = round

    const found = fromPlain(structuredClone(toPlain(round)))

    expect(found.cause).toMatchObject({ message: 'round' })
    expect(toPlain(Object.create(null)).message).toBe('it has thrown what has no text')
  })

  test('tells facts that cannot be posted as text, and what is no error by its own', () => {
    const error = new HostbridgeError('area.what', 'the message', { fine: [1], action: () => 5 })

    const plain = structuredClone(toPlain(error))

    expect(plain.facts).toEqual({ fine: [1], action: '() => 5' })
    expect(fromPlain(toPlain('thrown as it is')).message).toBe('thrown as it is')
  })
})
