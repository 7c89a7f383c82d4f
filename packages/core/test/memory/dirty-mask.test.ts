import { describe, expect, test } from 'vitest'
import { alias, container, MemorySystem, ram } from '../../src/memory/index.ts'
import { mapText } from './map-text.ts'
import { RecordingListener } from './recording-listener.ts'

/** Video RAM V at [0, 0xfff] and plain RAM R behind it, with listeners L1 (priority 0) and L2 (priority 10). */
function scene() {
  const system = new MemorySystem('machine')
  const root = container('root')
  const space = system.createSpace('memory', root)
  const video = ram('V', 0x1000n)
  root.add(video, 0n)
  root.add(ram('R', 0x1000n), 0x1000n)
  const log: string[] = []
  space.register(new RecordingListener('L1', log, 0))
  space.register(new RecordingListener('L2', log, 10))
  log.length = 0
  return { system, root, space, video, log }
}

/** Without begin and commit, and what did not change. */
function told(log: readonly string[]) {
  return log.filter((line) => !/^(begin|commit|nop .* R)/.test(line))
}

describe('a dirty mask', () => {
  test('that gains bits starts logging, ascending and after the nop; the range neither goes nor comes (LC-1, LC-5, FV-5)', () => {
    const { video, log } = scene()

    video.setDirtyMask(1)

    expect(told(log)).toEqual([
      ...['nop L1 V[0..fff]', 'nop L2 V[0..fff]'],
      ...['start L1 V[0..fff] 0>1', 'start L2 V[0..fff] 0>1'],
    ])
  })

  test('that loses bits stops logging, descending (LC-1, LC-5)', () => {
    const { video, log } = scene()
    video.setDirtyMask(1)
    log.length = 0

    video.setDirtyMask(0)

    expect(told(log).slice(2)).toEqual(['stop L2 V[0..fff] 1>0', 'stop L1 V[0..fff] 1>0'])
  })

  test('that gains and loses bits at once starts, then stops (LC-1)', () => {
    const { video, log } = scene()
    video.setDirtyMask(1)
    log.length = 0

    video.setDirtyMask(4)

    expect(told(log).slice(2)).toEqual([
      ...['start L1 V[0..fff] 1>4', 'start L2 V[0..fff] 1>4'],
      ...['stop L2 V[0..fff] 1>4', 'stop L1 V[0..fff] 1>4'],
    ])
  })

  test('comes with a new range, without a start of its own in a commit (LC-7)', () => {
    const { root, log } = scene()
    const second = ram('second', 0x1000n)
    second.setDirtyMask(4)

    root.add(second, 0x8000n)

    expect(told(log).slice(2)).toEqual(['add L1 second[8000..8fff]', 'add L2 second[8000..8fff]'])
  })

  test('is told after each addition when a listener registers, and before each deletion when it goes (LC-7, LR-2, LR-3)', () => {
    const { space, video } = scene()
    video.setDirtyMask(5)
    const late = new RecordingListener('late')

    space.register(late)
    const registered = late.take()
    space.unregister(late)

    expect(registered).toEqual([
      ...['begin late', 'add late V[0..fff]', 'start late V[0..fff] 0>5', 'add late R[1000..1fff]', 'commit late'],
    ])
    expect(late.log).toEqual([
      ...['begin late', 'stop late V[0..fff] 5>0', 'del late V[0..fff]', 'del late R[1000..1fff]', 'commit late'],
    ])
  })

  test('of a disabled region changes nothing that is seen (TM-5)', () => {
    const { video, log } = scene()
    video.setEnabled(false)
    log.length = 0

    video.setDirtyMask(1)

    expect(log).toEqual([])
  })

  test('belongs to the region: two aliases of it have the same and are joined where they touch (FV-6)', () => {
    const { root, space, video } = scene()
    root.add(alias('head', video, { size: 0x800n }), 0x4000n)
    root.add(alias('tail', video, { offset: 0x800n }), 0x4800n)

    video.setDirtyMask(1)

    expect(mapText(space)).toBe('V[0..fff] R[1000..1fff] V[4000..4fff]')
    expect(space.flatView.ranges.map((range) => range.dirtyMask)).toEqual([1, 0, 1])
  })
})
