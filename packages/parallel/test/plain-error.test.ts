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

  test('tells facts that cannot be posted as text, and what is no error by its own', () => {
    const error = new HostbridgeError('area.what', 'the message', { fine: [1], action: () => 5 })

    const plain = structuredClone(toPlain(error))

    expect(plain.facts).toEqual({ fine: [1], action: '() => 5' })
    expect(fromPlain(toPlain('thrown as it is')).message).toBe('thrown as it is')
  })
})
