import { describe, expect, test } from 'vitest'
import {
  alias,
  container,
  IommuRegion,
  type MemoryRegion,
  MemorySystem,
  type MmioOps,
  mmio,
  ram,
} from '../../src/memory/index.ts'
import { mapText } from './map-text.ts'
import { RecordingListener } from './recording-listener.ts'

const silent: MmioOps = { read: () => 0, write() {} }

function machine() {
  const system = new MemorySystem('machine')
  const root = container('root')
  const space = system.createSpace('memory', root)
  return { system, root, space }
}

/** RAM at [0, 0xffff] with listeners L1 (priority 0) and L2 (priority 10), as in the model's traces. */
function twoListeners() {
  const { system, root, space } = machine()
  const memory = ram('R', 0x10000n)
  root.add(memory, 0n)
  const log: string[] = []
  space.register(new RecordingListener('L2', log, 10))
  space.register(new RecordingListener('L1', log, 0))
  log.length = 0
  return { system, root, space, memory, log }
}

describe('the recorded traces of the model', () => {
  test('a changed flag is a removal in descending and an addition in ascending priority (LC-4, LC-5)', () => {
    const { memory, log } = twoListeners()

    memory.setReadonly(true)

    expect(log).toEqual([
      ...['begin L1', 'begin L2'],
      ...['del L2 R[0..ffff]', 'del L1 R[0..ffff]'],
      ...['add L1 R[0..ffff]', 'add L2 R[0..ffff]'],
      ...['commit L1', 'commit L2'],
    ])
  })

  test('an insertion removes the whole range before it adds the pieces (LC-2, LC-3)', () => {
    const { root, log } = twoListeners()

    root.add(mmio('I', 0x1000n, silent), 0x4000n)

    expect(log).toEqual([
      ...['begin L1', 'begin L2'],
      ...['del L2 R[0..ffff]', 'del L1 R[0..ffff]'],
      ...['add L1 R[0..3fff]', 'add L2 R[0..3fff]'],
      ...['add L1 I[4000..4fff]', 'add L2 I[4000..4fff]'],
      ...['add L1 R[5000..ffff]', 'add L2 R[5000..ffff]'],
      ...['commit L1', 'commit L2'],
    ])
  })

  test('what is undone inside one transaction is no change (TX-5)', () => {
    const { system, memory, log } = twoListeners()

    system.transaction(() => {
      memory.setEnabled(false)
      memory.setEnabled(true)
    })

    expect(log).toEqual(['begin L1', 'begin L2', 'nop L1 R[0..ffff]', 'nop L2 R[0..ffff]', 'commit L1', 'commit L2'])
  })
})

describe('transactions', () => {
  test('only the outermost commit has an effect (TX-2)', () => {
    const { system, root, space } = machine()

    system.begin()
    system.begin()
    root.add(ram('ram', 0x1000n), 0n)
    system.commit()
    const inside = mapText(space)
    system.commit()

    expect(inside).toBe('')
    expect(mapText(space)).toBe('ram[0..fff]')
  })

  test('a commit without anything pending calls nobody (TX-2)', () => {
    const { system, log } = twoListeners()

    system.transaction(() => {})

    expect(log).toEqual([])
  })

  test('a commit too many throws and names the system', () => {
    expect(() => new MemorySystem('pseries').commit()).toThrow("no transaction of 'pseries' is open")
  })

  test('a transaction whose change throws is closed, and the error goes through', () => {
    const { system, root, space } = machine()

    const attempt = () =>
      system.transaction(() => {
        root.add(ram('ram', 0x1000n), 0n)
        throw new Error('given up')
      })

    expect(attempt).toThrow('given up')
    expect(mapText(space)).toBe('ram[0..fff]')
    expect(() => system.commit()).toThrow('no transaction')
  })

  test.each([
    ['adding a disabled region', false, (r: Parts) => r.root.add(r.disabled, 0x4000n)],
    ['adding below a disabled region', false, (r: Parts) => r.disabled.add(r.free, 0n)],
    ['adding below a disabled region and removing it', false, (r: Parts) => addAndRemove(r.disabled, r.free)],
    ['adding and removing', true, (r: Parts) => addAndRemove(r.root, r.free)],
    ['the read-only flag of a disabled region', false, (r: Parts) => r.disabled.setReadonly(true)],
    ['the offset of an enabled alias', true, (r: Parts) => r.window.setTargetOffset(0x1000n)],
    ['the size of a detached region (TM-6)', true, (r: Parts) => r.disabled.setSize(0x2000n)],
    ['enabling a detached region (TM-6)', true, (r: Parts) => r.disabled.setEnabled(true)],
    ['the same size again', false, (r: Parts) => r.disabled.setSize(0x1000n)],
    ['a move of a detached region (TM-3)', false, (r: Parts) => r.disabled.setAddress(0x1000n)],
    ['a move to the same place', false, (r: Parts) => r.memory.setAddress(0n)],
    ['a move', true, (r: Parts) => r.memory.setAddress(0x1000n)],
  ])('%s sets off a commit: %s (TM-5, TM-6)', (_, expected, act) => {
    const { system, root, memory, log } = twoListeners()
    const disabled = container('disabled', 0x1000n)
    const window = alias('window', memory)
    const free = ram('free', 0x1000n)
    disabled.setEnabled(false)
    for (const region of [disabled, window, free]) system.adopt(region)

    act({ root, memory, disabled, window, free })

    expect(log.includes('begin L1')).toBe(expected)
  })

  test('listeners of all spaces begin first and commit last, spaces follow each other (TX-3, LC-10)', () => {
    const { system, root, space } = machine()
    const dma = system.createSpace('dma', alias('bus', root))
    const log: string[] = []
    dma.register(new RecordingListener('D', log, 1))
    space.register(new RecordingListener('M', log, 2))
    log.length = 0

    root.add(ram('ram', 0x1000n), 0n)

    expect(log).toEqual(['begin D', 'begin M', 'add M ram[0..fff]', 'add D ram[0..fff]', 'commit D', 'commit M'])
  })

  test('an access from a callback still meets the old view (TX-6)', () => {
    const { root, space } = machine()
    const results: number[] = []
    space.register({
      name: 'peeking',
      priority: 0,
      regionAdd() {
        results.push(space.read(0n, new Uint8Array(1)))
        return undefined
      },
      commit: () => results.push(space.read(0n, new Uint8Array(1))),
    })
    results.length = 0

    root.add(ram('ram', 0x1000n), 0n)

    expect(results).toEqual([2, 0])
  })
})

function addAndRemove(parent: MemoryRegion, child: MemoryRegion) {
  parent.add(child, 0n)
  parent.remove(child)
}

interface Parts {
  root: ReturnType<typeof container>
  memory: ReturnType<typeof ram>
  disabled: ReturnType<typeof container>
  window: ReturnType<typeof alias>
  free: ReturnType<typeof ram>
}

test('an access from a callback of the next space meets the new view of the one before (TX-3)', () => {
  const { system, root, space } = machine()
  const dma = system.createSpace('dma', alias('bus', root, { size: 0x10000n }))
  const results: number[] = []
  const peek = () => {
    results.push(space.read(0n, new Uint8Array(1)), dma.read(0n, new Uint8Array(1)))
    return undefined
  }
  dma.register({ name: 'peeking', priority: 0, regionAdd: peek })

  root.add(ram('ram', 0x1000n), 0n)

  expect(results).toEqual([0, 2])
})

describe('address spaces', () => {
  test('a space is made without callbacks, and sees what is there (LR-5)', () => {
    const { system, log, root } = twoListeners()

    const second = system.createSpace('second', root)

    expect(log).toEqual([])
    expect(mapText(second)).toBe('R[0..ffff]')
  })

  test('spaces that show the same share one view (FV-9)', () => {
    const { system, root, space } = machine()
    const other = system.createSpace('other', alias('all', root))

    root.add(ram('a', 0x1000n), 0n)
    root.add(ram('b', 0x1000n), 0x1000n)

    expect(other.flatView).toBe(space.flatView)
  })

  test('a space with listeners cannot be destroyed (LR-6)', () => {
    const { system, space } = twoListeners()

    expect(() => system.destroySpace(space)).toThrow("'memory' cannot be destroyed: 'L1' listens to it")
  })

  test('a destroyed space shows nothing and is of no system', () => {
    const { system, root, space } = machine()
    root.add(ram('ram', 0x1000n), 0n)

    system.destroySpace(space)

    expect(space.read(0n, new Uint8Array(1))).toBe(2)
    expect(system.spaces).toEqual([])
    expect(() => system.destroySpace(space)).toThrow("'memory' is no address space of 'machine'")
  })
})

test('listeners are told of an IOMMU region as one section', () => {
  const { root, space } = machine()
  const listener = new RecordingListener('L')
  space.register(listener)
  listener.take()

  root.add(new IommuRegion('window', 2n ** 64n, { translate() {} }), 0n)

  expect(listener.log).toContain('add L window[0..ffffffffffffffff]')
})
