import { alias, type ContainerRegion, container, type MemoryRegion, MemorySystem, mmio } from '@hostbridge/core/memory'
import type { BenchCase, CaseFacts, Suite } from './bench-case.ts'
import { xorshift32 } from './random.ts'

/** Pairs that one sample makes. */
const PAIRS = 1000

/** Additions in one transaction. */
const ADDITIONS = 1000

/** Bus masters of a large machine, and the regions of its map where they are measured. */
const BUS_MASTERS = 8192
const FEW = 16

/** Regions whose memory is measured. */
const WEIGHED = 20_000

/** Bytes of a region; as many lie between two. */
const BYTES = 0x1000n

/**
 * Changes of a memory map with one listener that does not want to hear what stays: `add-remove/N` adds and removes one region
 * at random places with N others mapped, `transaction/N` adds N regions in one transaction. `spaces/N` does what `add-remove/16`
 * does while N bus masters see the map through aliases of their own, in spaces that share its view; `enable-alias/N` switches one
 * of them off and on.
 */
export const topologySuite: Suite = {
  name: 'topology',
  cases: (quick) => [
    'add-remove/16',
    'add-remove/176',
    ...(quick ? [] : ['add-remove/1936', 'add-remove/20000']),
    'transaction/1000',
    ...(quick ? [] : [`spaces/${BUS_MASTERS}`, `enable-alias/${BUS_MASTERS}`]),
  ],
  open: (name) => {
    const others = /^add-remove\/([1-9]\d{0,5})$/.exec(name)?.[1]
    if (others !== undefined) return addRemove(Number(others))
    const masters = /^(?:spaces|enable-alias)\/([1-9]\d{0,4})$/.exec(name)?.[1]
    if (masters !== undefined) return name.startsWith('s') ? spaces(Number(masters)) : enableAlias(Number(masters))
    return name === `transaction/${ADDITIONS}` ? transaction() : undefined
  },
}

interface Map {
  readonly system: MemorySystem
  readonly root: ContainerRegion
  /** Sections that the listener knows. */
  readonly known: () => number
}

function mapOf(regions: number): Map {
  const system = new MemorySystem('map')
  const root = container('root')
  let known = 0
  const space = system.createSpace('memory', root)
  system.transaction(() => {
    for (let i = 0; i < regions; i++) root.add(registers(`device ${i}`), BigInt(2 * i) * BYTES)
  })
  space.register({
    name: 'listener',
    priority: 0,
    regionAdd: () => {
      known++
      return undefined
    },
    regionDel: () => {
      known--
    },
  })
  return { system, root, known: () => known }
}

function registers(name: string): MemoryRegion {
  return mmio(name, BYTES, { read: () => 0, write: () => {} })
}

/** The windows of bus masters, each in a space of its own that shows nothing else, all on. */
function busMasters(system: MemorySystem, root: ContainerRegion, count: number): MemoryRegion[] {
  return Array.from({ length: count }, (_, i) => {
    const own = container(`bus master ${i}`)
    const window = alias(`window ${i}`, root)
    own.add(window, 0n)
    system.createSpace(`bus master ${i}`, own)
    return window
  })
}

function spaces(count: number): BenchCase {
  const map = mapOf(FEW)
  busMasters(map.system, map.root, count)
  return addRemoveIn(map, FEW)
}

function enableAlias(count: number): BenchCase {
  const { system, root, known } = mapOf(FEW)
  const windows = busMasters(system, root, count)
  const random = xorshift32(2463534242)
  const chosen = Array.from({ length: PAIRS }, () => windows[random() % count] as MemoryRegion)
  return {
    unit: 'pair',
    units: PAIRS,
    clock: 'cpu',
    run() {
      for (const window of chosen) {
        window.setEnabled(false)
        window.setEnabled(true)
      }
    },
    check() {
      if (known() !== FEW) throw new Error('the listener lost track of the map')
    },
    facts: () => ({ spaces: system.spaces.length }),
  }
}

function addRemove(others: number): BenchCase {
  return addRemoveIn(mapOf(others), others)
}

function addRemoveIn({ system, root, known }: Map, others: number): BenchCase {
  const random = xorshift32(2463534242)
  const places = Array.from({ length: PAIRS }, () => (BigInt(random() % others) * 2n + 1n) * BYTES)
  const moving = registers('moving')
  return {
    unit: 'pair',
    units: PAIRS,
    clock: 'cpu',
    run() {
      for (const place of places) {
        root.add(moving, place)
        root.remove(moving)
      }
    },
    check() {
      if (known() !== others) throw new Error('the listener lost track of the map')
    },
    facts: () => ({ others, spaces: system.spaces.length, ...(others === 16 ? bytesPerRegion() : {}) }),
  }
}

function transaction(): BenchCase {
  const { system, root, known } = mapOf(0)
  const added = Array.from({ length: ADDITIONS }, (_, i) => registers(`device ${i}`))
  return {
    unit: 'transaction',
    units: 1,
    clock: 'cpu',
    prepare() {
      system.transaction(() => {
        for (const region of added) if (region.container === root) root.remove(region)
      })
    },
    run() {
      system.transaction(() => {
        for (const [i, region] of added.entries()) root.add(region, BigInt(2 * i) * BYTES)
      })
    },
    check() {
      if (known() !== ADDITIONS) throw new Error('the listener lost track of the map')
    },
  }
}

/** What one mapped region costs, its registers and its place in tree and view included; exact where Node lets collect garbage. */
function bytesPerRegion(): CaseFacts {
  const collect = (globalThis as { gc?: () => void }).gc
  collect?.()
  const before = process.memoryUsage().heapUsed
  const { known } = mapOf(WEIGHED)
  collect?.()
  const bytes = Math.round((process.memoryUsage().heapUsed - before) / WEIGHED)
  return { bytesPerRegion: bytes, weighed: known(), collected: collect !== undefined }
}
