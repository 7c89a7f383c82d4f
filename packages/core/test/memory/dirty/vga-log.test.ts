import { describe, expect, test } from 'vitest'
import { alias, container, DirtyClient, MemorySystem, ram, setLogging } from '../../../src/memory/index.ts'
import { LoggingListener } from './logging-listener.ts'

function scene() {
  const system = new MemorySystem('machine')
  const root = container('root')
  const vram = ram('V', 0x2000n)
  root.add(vram, 0n)
  const space = system.createSpace('memory', root)
  const log: string[] = []
  space.register({ ...listenerOf(log), name: 'commits', priority: 1 })
  return { vram, log }
}

function listenerOf(log: string[]) {
  const inner = new LoggingListener('L', log)
  return {
    begin: () => void log.push('begin'),
    logStart: inner.logStart.bind(inner),
    logStop: inner.logStop.bind(inner),
  }
}

describe('setLogging', () => {
  test('counts: only the first and the last one change the map (DL-2)', () => {
    const { vram, log } = scene()
    log.length = 0

    for (const isOn of [true, true, false, false]) setLogging(vram, isOn)

    expect(log).toEqual(['begin', 'L start V[0..2) @0 0>1', 'begin', 'L stop V[0..2) @0 1>0'])
    expect(vram.dirtyMask).toBe(0)
  })

  test('passes through aliases to the region behind them', () => {
    const { vram } = scene()

    setLogging(alias('outer', alias('inner', vram)), true)

    expect(vram.dirtyMask).toBe(DirtyClient.vga)
  })

  test.each([DirtyClient.code, DirtyClient.migration])('throws for client %d (DL-2)', (client) => {
    const { vram } = scene()

    expect(() => setLogging(vram, true, client)).toThrow(expect.objectContaining({ code: 'memory.dirty-client' }))
    expect(vram.dirtyMask).toBe(0)
  })

  test('throws where it ends more often than it began', () => {
    const { vram } = scene()

    expect(() => setLogging(vram, false)).toThrow("the logging of 'V' cannot end: nobody has begun it")
  })
})
