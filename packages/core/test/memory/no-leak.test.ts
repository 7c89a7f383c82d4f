import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { expect, test } from 'vitest'
import {
  alias,
  container,
  type MemoryListener,
  type MemoryRegion,
  MemorySystem,
  mmio,
  ram,
} from '../../src/memory/index.ts'

// A guest may move its BARs for as long as it likes: what that leaves behind is measured on the heap, collected before and
// after, over so many moves that a single object of 50 bytes left by each would be seen.

/** Of BARs, and of whatever else a guest may change. */
const MOVES = 20_000
const OTHER_MOVES = 5000
/** What is bounded may still be there: aliases of trees that were dropped are looked for now and then. */
const MOST_BYTES = 250_000

setFlagsFromString('--expose-gc')
const collect = runInNewContext('gc') as () => void

function heap(): number {
  collect()
  collect()
  return process.memoryUsage().heapUsed
}

/** Bytes that the heap has grown by over `moves`, after some that make whatever is made once. */
function growth(moves: number, move: (i: number) => void): number {
  for (let i = 0; i < 2000; i++) move(i)
  const before = heap()
  for (let i = 0; i < moves; i++) move(i)
  return heap() - before
}

const registers = { read: () => 1, write() {} }
const BARS = 8

/** A bus with functions: each has a BAR, seen through the bridge's window, and a view of memory for its DMA. */
function machine() {
  const system = new MemorySystem('machine')
  const [root, bus] = [container('memory'), container('bus')]
  const memory = ram('ram', 0x100_0000n)
  root.add(memory, 0n)
  root.add(alias('window', bus, { offset: 0x8000_0000n, size: 0x1000_0000n }), 0x8000_0000n)
  const space = system.createSpace('memory', root)
  const bars = Array.from({ length: BARS }, (_, i) => mmio(`bar ${i}`, 0x1000n, registers))
  for (const [i, bar] of bars.entries()) bus.add(bar, 0x8000_0000n + BigInt(i) * 0x1000n)
  const masters = bars.map((_, i) => {
    const view = container(`dma ${i}`)
    const enable = alias(`master ${i}`, root)
    view.add(enable, 0n)
    return { enable, space: system.createSpace(`dma ${i}`, view) }
  })
  return { system, root, bus, space, bars, masters, memory }
}

type Machine = ReturnType<typeof machine>

const bytes = new Uint8Array(8)
const at = (i: number) => 0x8000_0000n + BigInt((i * 7919) % 4096) * 0x1000n
const barOf = ({ bars }: Machine, i: number) => bars[i % BARS] as MemoryRegion

const moves: readonly [string, (machine: Machine, i: number) => void][] = [
  [
    'moves its BARs and reads there',
    (machine, i) => {
      barOf(machine, i).setAddress(at(i))
      machine.space.read(at(i), bytes)
      machine.masters[i % BARS]?.space.load32(at(i))
    },
  ],
  [
    'turns them off, moves them and turns them on',
    (machine, i) => {
      const bar = barOf(machine, i)
      bar.setEnabled(false)
      bar.setAddress(at(i))
      bar.setEnabled(true)
    },
  ],
  [
    'takes them out and puts them in elsewhere, in one transaction',
    (machine, i) => {
      const bar = barOf(machine, i)
      machine.system.transaction(() => {
        machine.bus.remove(bar)
        machine.bus.add(bar, at(i), { priority: i % 3 })
      })
    },
  ],
  [
    'resizes them',
    (machine, i) => {
      barOf(machine, i).setSize(i % 2 === 0 ? 0x800n : 0x1000n)
    },
  ],
  [
    'turns bus mastering off and on',
    (machine, i) => {
      const { enable, space } = machine.masters[i % BARS] as Machine['masters'][number]
      enable.setEnabled(false)
      enable.setEnabled(true)
      space.read(0x1000n, bytes)
    },
  ],
  [
    'plugs a function that shows memory, and unplugs it',
    (machine, i) => {
      const device = container(`card ${i}`, 0x1000n)
      device.add(alias(`shown ${i}`, machine.memory), 0n)
      machine.bus.add(device, at(i))
      machine.bus.remove(device)
    },
  ],
  [
    'maps memory and lets go of it',
    (machine, i) => {
      barOf(machine, i).setAddress(at(i))
      machine.space.map(0x1000n, 64, { write: true })?.unmap()
      machine.space.map(at(i), 64)?.unmap()
      machine.space.cache(0x1000n, 64)[Symbol.dispose]()
    },
  ],
]

const ear: MemoryListener = { name: 'ear', priority: 0, regionAdd: () => undefined, regionDel() {}, commit() {} }

test.each(moves)('a guest that %s leaves nothing behind', (what, move) => {
  const set = machine()
  set.space.register({ ...ear })

  const grown = growth(what.startsWith('moves') ? MOVES : OTHER_MOVES, (i) => move(set, i))

  expect(grown).toBeLessThan(MOST_BYTES)
})

test('a guest whose moves nobody looks at, and nobody hears of, leaves nothing behind', () => {
  const set = machine()

  const grown = growth(OTHER_MOVES, (i) => barOf(set, i).setAddress(at(i)))

  expect(grown).toBeLessThan(MOST_BYTES)
  expect([...set.bus.sight.awake].length + [...set.memory.sight.awake].length).toBeLessThan(64)
})

test('a transaction that moves one BAR without an end remembers a bounded number of places', () => {
  const set = machine()
  const bar = barOf(set, 0)
  set.system.begin()

  const grown = growth(MOVES, (i) => bar.setAddress(at(i)))
  set.system.commit()

  // Windows are remembered up to 4096, of some 100 bytes each.
  expect(grown).toBeLessThan(2 ** 20)
  expect(set.space.find(bar.address)?.region).toBe(bar)
})
