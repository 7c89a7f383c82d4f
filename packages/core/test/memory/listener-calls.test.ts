import { describe, expect, test } from 'vitest'
import {
  container,
  type FlatRange,
  MappingRefusedError,
  MemorySystem,
  type Refusal,
  ram,
} from '../../src/memory/index.ts'
import { mapText } from './map-text.ts'
import { RecordingListener } from './recording-listener.ts'

function machine() {
  const system = new MemorySystem('machine')
  const root = container('root')
  const space = system.createSpace('memory', root)
  return { system, root, space }
}

/** RAM at [0, 0xffff] with listeners L1 (priority 0) and L2 (priority 10), as in the model's traces. */
function twoListeners() {
  const { root, space } = machine()
  const memory = ram('R', 0x10000n)
  root.add(memory, 0n)
  const log: string[] = []
  space.register(new RecordingListener('L2', log, 10))
  space.register(new RecordingListener('L1', log, 0))
  log.length = 0
  return { root, space, log }
}

describe('listeners that do not just listen', () => {
  const refusal = (section: FlatRange): Refusal => [
    { iova: section.start, size: section.size, code: 'limit', reason: 'the table is full' },
  ]

  test('refusals of one commit are thrown together, when everybody has been told', () => {
    const { root, space, log } = twoListeners()
    const strict = new RecordingListener('strict', log, 5)
    strict.refuse = (section) => (section.region.name === 'R' ? undefined : refusal(section))
    space.register(strict)
    const both = container('both')
    both.add(ram('a', 0x1000n), 0x20000n)
    both.add(ram('b', 0x1000n), 0x30000n)

    let thrown: unknown
    try {
      root.add(both, 0n)
    } catch (error) {
      thrown = error
    }

    expect(thrown).toBeInstanceOf(MappingRefusedError)
    expect((thrown as MappingRefusedError).message).toMatchInlineSnapshot(`
      "a change of the memory map of 'machine' was refused:
        [0x20000, 0x20fff] (0x1000 bytes): the table is full [limit]
        [0x30000, 0x30fff] (0x1000 bytes): the table is full [limit]
        'memory' around 0x20000:
          0000000000010000-000000000001ffff      64 KiB  nothing
        > 0000000000020000-0000000000020fff       4 KiB  ram 'a'
          0000000000021000-000000000002ffff      60 KiB  nothing"
    `)
    expect(mapText(space)).toContain('a[20000..20fff] b[30000..30fff]')
    expect(log.at(-1)).toBe('commit L2')
  })

  test('a refusal inside a transaction reaches whoever closes it', () => {
    const { system, root, space } = machine()
    const strict = new RecordingListener('strict')
    strict.refuse = refusal
    space.register(strict)

    system.begin()
    root.add(ram('ram', 0x1000n), 0n)

    expect(() => system.commit()).toThrow(MappingRefusedError)
  })

  test('a callback that throws keeps nobody else from being told, and the view in use', () => {
    const { root, space } = machine()
    const quiet = new RecordingListener('quiet', [], 1)
    space.register({
      name: 'broken',
      priority: 0,
      regionAdd() {
        throw new Error('broken listener')
      },
    })
    space.register(quiet)
    quiet.take()

    expect(() => root.add(ram('ram', 0x1000n), 0n)).toThrow('broken listener')

    expect(quiet.log).toEqual(['begin quiet', 'add quiet ram[0..fff]', 'commit quiet'])
    expect(mapText(space)).toBe('ram[0..fff]')
  })

  test('a change made by a callback is a commit of its own, after the running one', () => {
    const { root, space } = machine()
    const log: string[] = []
    const extra = ram('extra', 0x1000n)
    const meddler = new RecordingListener('L', log)
    meddler.refuse = (section) => {
      if (section.region.name === 'ram') root.add(extra, 0x1000n)
      return undefined
    }
    space.register(meddler)
    log.length = 0

    root.add(ram('ram', 0x1000n), 0n)

    expect(log).toEqual([
      ...['begin L', 'add L ram[0..fff]', 'commit L'],
      ...['begin L', 'nop L ram[0..fff]', 'add L extra[1000..1fff]', 'commit L'],
    ])
  })

  test('listeners that change the map for ever are stopped', () => {
    const { root, space } = machine()
    const restless = ram('ram', 0x1000n)
    space.register({
      name: 'restless',
      priority: 0,
      commit: () => restless.setReadonly(!restless.readonly),
    })

    expect(() => root.add(restless, 0n)).toThrow('1000 times in one commit')
  })
})
