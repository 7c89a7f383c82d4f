import { describe, expect, test } from 'vitest'
import { InterruptLine } from '../../src/machine/interrupt-line.ts'

describe('InterruptLine', () => {
  test('tells its sinks of changes only', () => {
    const line = new InterruptLine('inta')
    const seen: boolean[] = []
    line.connect((raised) => seen.push(raised))

    line.raise()
    line.raise()
    line.lower()
    line.lower()
    line.pulse()

    expect(seen).toEqual([true, false, true, false])
    expect(line.raised).toBe(false)
  })

  test('tells a sink that comes late that it is raised', () => {
    const line = new InterruptLine('inta')
    const seen: string[] = []
    line.raise()

    line.connect((raised, { name }) => seen.push(`${name} ${raised}`))

    expect(seen).toEqual(['inta true'])
  })

  test('that a sink lowers tells every sink of both changes in their order', () => {
    const line = new InterruptLine('inta')
    const seen: string[] = []
    line.connect((raised) => {
      seen.push(`first ${raised}`)
      if (raised) line.lower()
    })
    line.connect((raised) => seen.push(`second ${raised}`))

    line.raise()

    expect(seen).toEqual(['first true', 'second true', 'first false', 'second false'])
    expect(line.raised).toBe(false)
  })

  test('goes on after a sink that throws', () => {
    const line = new InterruptLine('inta')
    const seen: boolean[] = []
    line.connect((raised) => {
      seen.push(raised)
      if (raised) throw new Error('broken sink')
    })

    expect(() => line.raise()).toThrow('broken sink')
    line.lower()

    expect(seen).toEqual([true, false])
  })

  test('is not changed for ever by sinks that change it in a circle', () => {
    const line = new InterruptLine('inta')
    const disconnect = line.connect((raised) => line.set(!raised))

    expect(() => line.raise()).toThrow("interrupt line 'inta' has changed 1000 times at one instant")

    disconnect()
    line.set(!line.raised)
    const seen: boolean[] = []
    line.connect((raised) => seen.push(raised))
    line.set(false)
    line.pulse()
    expect(seen.slice(-2)).toEqual([true, false])
  })

  test('is silent to a sink that was disconnected, and when its level is restored', () => {
    const line = new InterruptLine('inta')
    const seen: boolean[] = []
    const disconnect = line.connect((raised) => seen.push(raised))

    line.restore(true)
    disconnect()
    line.lower()

    expect(seen).toEqual([])
  })
})
