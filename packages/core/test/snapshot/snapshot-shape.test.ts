import { describe, expect, test } from 'vitest'
import { Device } from '../../src/machine/device.ts'
import { Machine } from '../../src/machine/machine.ts'
import { ram } from '../../src/memory/ram-region.ts'
import { restoreSnapshot, type Snapshot, takeSnapshot } from '../../src/snapshot/snapshot.ts'
import { decodeSnapshot, encodeSnapshot } from '../../src/snapshot/snapshot-file.ts'
import { checkShape } from '../../src/snapshot/snapshot-shape.ts'

class Plain extends Device {}

function build(): Machine {
  const machine = new Machine('pc')
  machine.map(0n, ram('ram', 0x1_0000n)).memory.write(0x10n, Uint8Array.of(5))
  machine.plug(new Plain('disk'))
  machine.queue.schedule(
    machine.event('beat', () => {}),
    4,
  )
  return machine
}

type Tree = Record<string, unknown>

/** Every way to take away one part, or to put something else in its place; a device's own state is its own. */
function* crooked(tree: Tree, path = ''): Generator<[path: string, twist: (snapshot: Tree) => void]> {
  for (const [key, value] of Object.entries(tree)) {
    const at = `${path}.${key}`
    const reach = (root: Tree): Tree =>
      path
        .split('.')
        .slice(1)
        .reduce((node, part) => node[part] as Tree, root)
    if (/^\.(state\.devices\.\d+|iommus\.\d+)\.state/.test(at)) continue
    const put = (root: Tree, other: unknown): void => {
      reach(root)[key] = other
    }
    if (!Array.isArray(tree)) yield [`${at} away`, (root) => put(root, undefined)]
    yield [`${at} another`, (root) => put(root, typeof value === 'number' ? 'other' : 7)]
    const isPlain = typeof value === 'object' && value !== null && !ArrayBuffer.isView(value) && !(value instanceof Map)
    if (isPlain) yield* crooked(value as Tree, at)
  }
}

const whole = takeSnapshot(build())

describe('a snapshot of which a part is crooked', () => {
  test.each([...crooked(whole as unknown as Tree)])('is refused: %s', (_, twist) => {
    const snapshot = structuredClone(whole)
    twist(snapshot as unknown as Tree)
    const machine = build()
    const before = takeSnapshot(machine)

    expect(() => restoreSnapshot(machine, snapshot)).toThrow(expect.objectContaining({ code: 'snapshot.damaged' }))
    expect(() => decodeSnapshot(encodeSnapshot(snapshot))).toThrow()
    expect(takeSnapshot(machine)).toEqual(before)
  })

  test.each<[string, (snapshot: Snapshot) => object]>([
    ['a column that is too short', ({ state }) => ({ state: { ...state, events: { ...state.events, keys: [] } } })],
    ['an event of nobody', ({ state }) => ({ state: { ...state, events: { ...state.events, owners: [['', 2]] } } })],
    ['a device twice', ({ state }) => ({ state: { ...state, devices: [...state.devices, ...state.devices] } })],
    ['fewer memories than it says', () => ({ memories: [] })],
  ])('is refused: %s', (_, change) => {
    expect(() => checkShape({ ...whole, ...change(whole) } as Snapshot)).toThrow(
      expect.objectContaining({ code: 'snapshot.damaged' }),
    )
  })

  test('is taken as it is where nothing is crooked', () => {
    expect(() => checkShape(whole)).not.toThrow()
  })

  test('is refused where it is none at all, such as the bytes of a file', () => {
    const file = encodeSnapshot(whole) as unknown as Snapshot

    expect(() => restoreSnapshot(build(), file)).toThrow("section 'composition' lacks parts of a composition")
    expect(() => restoreSnapshot(build(), undefined as unknown as Snapshot)).toThrow('it is no snapshot')
  })
})
