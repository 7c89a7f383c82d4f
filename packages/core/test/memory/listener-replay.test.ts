import { describe, expect, test } from 'vitest'
import { type AddressSpace, container, MappingRefusedError, MemorySystem, ram } from '../../src/memory/index.ts'
import { RecordingListener } from './recording-listener.ts'

function filled() {
  const system = new MemorySystem('machine')
  const root = container('root')
  root.add(ram('a', 0x1000n), 0x1000n)
  root.add(ram('b', 0x1000n), 0x8000n)
  return { system, root, space: system.createSpace('memory', root) }
}

describe('registering', () => {
  test('a listener is told of what is there, ascending, and nobody else is (LR-2)', () => {
    const { space } = filled()
    const log: string[] = []
    space.register(new RecordingListener('old', log))
    log.length = 0

    space.register(new RecordingListener('new', log))

    expect(log).toEqual(['begin new', 'add new a[1000..1fff]', 'add new b[8000..8fff]', 'commit new'])
  })

  test('a listener that refuses sees everything, and then does not listen', () => {
    const { system, root, space } = filled()
    const listener = new RecordingListener('L')
    listener.refuse = ({ start, size }) => [{ iova: start, size, code: 'limit', reason: 'full' }]

    const register = () => space.register(listener)

    expect(register).toThrow(MappingRefusedError)
    expect(listener.take()).toEqual(['begin L', 'add L a[1000..1fff]', 'add L b[8000..8fff]', 'commit L'])
    root.add(ram('c', 0x1000n), 0n)
    expect(listener.log).toEqual([])
    expect(system.listeners).toEqual([])
  })

  test('the error lists every refused run', () => {
    const { space } = filled()
    const listener = new RecordingListener('vfio')
    listener.refuse = ({ start, size }) => [{ iova: start, size, code: 'page-size', reason: 'too small' }]

    expect(() => space.register(listener)).toThrowErrorMatchingInlineSnapshot(`
      [HostbridgeError: what 'vfio' was to map of 'memory' was refused:
        [0x1000, 0x1fff] (0x1000 bytes): too small [page-size]
        [0x8000, 0x8fff] (0x1000 bytes): too small [page-size]
        'memory' around 0x1000:
          0000000000000000-0000000000000fff       4 KiB  nothing
        > 0000000000001000-0000000000001fff       4 KiB  ram 'a'
          0000000000002000-0000000000007fff      24 KiB  nothing]
    `)
  })

  test('a listener that listens already is refused', () => {
    const { system, root, space } = filled()
    const listener = new RecordingListener('L')
    space.register(listener)
    const other = system.createSpace('other', root)

    expect(() => other.register(listener)).toThrow("'L' cannot listen to 'other': it listens to 'memory'")
  })
})

describe('unregistering', () => {
  test('a listener is told that everything goes, ascending (LR-3)', () => {
    const { space } = filled()
    const listener = new RecordingListener('L')
    space.register(listener)
    listener.take()

    space.unregister(listener)

    expect(listener.log).toEqual(['begin L', 'del L a[1000..1fff]', 'del L b[8000..8fff]', 'commit L'])
  })

  test('a second time nothing happens (LR-3)', () => {
    const { space } = filled()
    const listener = new RecordingListener('L')
    space.register(listener)
    space.unregister(listener)
    listener.take()

    space.unregister(listener)

    expect(listener.log).toEqual([])
  })
})

describe('a callback', () => {
  test('changes the map when a registration is complete, and so the listener hears of it in order', () => {
    const { root, space } = filled()
    const [first, second] = root.children.toReversed()
    const listener = new RecordingListener('L')
    listener.refuse = ({ region }) => {
      if (region === first && second?.container) root.remove(second)
      return undefined
    }

    space.register(listener)

    expect(listener.log).toEqual([
      ...['begin L', 'add L a[1000..1fff]', 'add L b[8000..8fff]', 'commit L'],
      ...['begin L', 'del L b[8000..8fff]', 'nop L a[1000..1fff]', 'commit L'],
    ])
  })

  test.each([
    ['register a listener', ({ space, other }: Parts) => space.register(other), "'other' cannot begin to listen to"],
    ['unregister one', ({ space, meddler }: Parts) => space.unregister(meddler), "'meddler' cannot end listening to"],
    ['destroy a space', ({ system, spare }: Parts) => system.destroySpace(spare), "'spare' cannot be destroyed"],
  ] as const)('cannot %s: who is told must stay the same', (_, act, message) => {
    const { system, root, space } = filled()
    const parts = { system, space, spare: system.createSpace('spare', root), other: new RecordingListener('other') }
    const meddler = new RecordingListener('meddler')
    space.register(meddler)
    meddler.take()
    meddler.refuse = () => {
      act({ ...parts, meddler })
      return undefined
    }

    expect(() => root.add(ram('c', 0x1000n), 0n)).toThrow(message)

    expect(system.listeners).toEqual([meddler])
    expect(meddler.take().at(-1)).toBe('commit meddler')
    meddler.refuse = () => undefined
    space.unregister(meddler)
    act({ ...parts, meddler })
  })
})

interface Parts {
  system: MemorySystem
  space: AddressSpace
  spare: AddressSpace
  meddler: RecordingListener
  other: RecordingListener
}
