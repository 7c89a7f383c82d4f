import { MemTx } from '@hostbridge/core/memory'
import { enumerate, findFunctions, functionsOf } from '@hostbridge/devices/pci'
import type { BenchCase, Suite } from './bench-case.ts'
import { NVME_CASES, nvmeCase } from './nvme-cases.ts'
import { BenchCard, configAddress, manyBuses, oneBus, type PciWorld } from './pci-worlds.ts'
import { xorshift32 } from './random.ts'
import { TRAFFIC_CASES, trafficCase } from './traffic-case.ts'

/** Reads, moves, and plugs that one sample makes. */
const READS = 2 ** 16
const MOVES = 1000
const PLUGS = 200

/** Functions on a bus that nothing is done to. */
const OTHERS = 200

/** Places drawn beforehand. */
const DRAWN = 256

/** Where the BAR lies that moves: beside those of the others. */
const BAR = 0x10
const PLACES = [0x7000_0000, 0x7000_2000] as const

/**
 * PCI as a guest uses it, behind a generic host: `config-read` reads 4 bytes of configuration space of a function of 200, `config-read/bus` without
 * the host's memory window; `bar-move/N` moves a BAR that is switched on, with N functions on the bus, and `plug-unplug` plugs and unplugs one
 * beside 200; `scan/N` finds all functions of N buses with 32 devices each, of which each tells vendor, class and header, and `scan-assign/N`
 * sizes, assigns and switches on the BAR of each too. `nvme/N` reads N bytes from an NVMe disk through an IOMMU,
 * `traffic` and `traffic/PATTERN` make requests of a traffic engine.
 */
export const pciSuite: Suite = {
  name: 'pci',
  cases: (quick) => [
    ...['config-read', 'config-read/bus', 'bar-move/200', 'plug-unplug'],
    ...(quick ? ['scan/8', 'scan-assign/8'] : ['scan/256', 'scan-assign/256']),
    ...NVME_CASES,
    ...TRAFFIC_CASES,
  ],
  open: (name, quick = false) => {
    const [, kind, size] = /^(bar-move|scan|scan-assign)\/([1-9]\d{0,2})$/.exec(name) ?? []
    const count = Number(size)
    if (kind === 'bar-move' && count <= 256) return barMove(count)
    if (kind !== undefined && count <= 256) return kind === 'scan' ? scan(count) : scanAssign(count)
    if (name === 'config-read') return configRead()
    if (name === 'config-read/bus') return busRead()
    return name === 'plug-unplug' ? plugUnplug() : (nvmeCase(name) ?? trafficCase(name, quick))
  },
}

function configRead(): BenchCase {
  const { machine, cards } = oneBus(OTHERS)
  const addresses = drawn(cards).map((requester) => configAddress(requester))
  const { space } = machine
  let sum = 0
  let result = 0
  return {
    unit: 'read',
    units: READS,
    clock: 'cpu',
    run() {
      sum = 0
      for (let index = 0; index < READS; index++) {
        sum += space.load32(addresses[index % DRAWN] as bigint)
        result |= space.loadResult
      }
    },
    check: () => checkSum(sum, result),
  }
}

function busRead(): BenchCase {
  const { bus, cards } = oneBus(OTHERS)
  const requesters = drawn(cards)
  let sum = 0
  return {
    unit: 'read',
    units: READS,
    clock: 'cpu',
    run() {
      sum = 0
      for (let index = 0; index < READS; index++) {
        const requester = requesters[index % DRAWN] as number
        sum += bus.find(requester >>> 8, requester & 0xff)?.config.read(0, 4) ?? 0
      }
    },
    check: () => checkSum(sum, MemTx.ok),
  }
}

function barMove(functions: number): BenchCase {
  const world = oneBus(functions)
  const { access } = world
  enumerate(access, world)
  const requester = requesterOf(world.cards[functions >> 1] as BenchCard)
  let place = 0
  return {
    unit: 'move',
    units: MOVES,
    clock: 'cpu',
    run() {
      for (let move = 0; move < MOVES; move++) access.write(requester, BAR, 4, PLACES[++place & 1] as number)
    },
    check() {
      const at = world.machine.space.find(BigInt(PLACES[place & 1] as number))
      if (at === undefined) throw new Error('the BAR has not moved')
    },
    facts: () => ({ sections: world.machine.space.flatView.ranges.length }),
  }
}

function plugUnplug(): BenchCase {
  const world = oneBus(OTHERS)
  enumerate(world.access, world)
  const { bus } = world
  const card = new BenchCard('plugged')
  const place = '1f.7'
  return {
    unit: 'pair',
    units: PLUGS,
    clock: 'cpu',
    run() {
      for (let count = 0; count < PLUGS; count++) {
        bus.plug(place, card)
        bus.unplug(card)
      }
    },
    check() {
      if (bus.at(place) !== undefined || bus.devices.length !== OTHERS) throw new Error('the function has not left')
    },
  }
}

function scan(buses: number): BenchCase {
  const { access, cards } = manyBuses(buses)
  const functions = cards.length + buses - 1
  let found = 0
  return {
    unit: 'scan',
    units: 1,
    clock: 'cpu',
    run() {
      found = [...functionsOf(findFunctions(access))].length
    },
    check() {
      if (found !== functions) throw new Error(`${found} functions have been found, not ${functions}`)
    },
    facts: (ns) => ({ functions, nsPerFunction: Math.round(ns / functions) }),
  }
}

function scanAssign(buses: number): BenchCase {
  const world = manyBuses(buses)
  const { access, cards, machine } = world
  return {
    unit: 'scan',
    units: 1,
    clock: 'cpu',
    prepare: () => switchOff(world),
    run() {
      enumerate(access, world)
    },
    check() {
      const sections = machine.space.flatView.ranges.length
      // One is the window of configuration space.
      if (sections !== cards.length + 1) throw new Error(`${sections - 1} BARs are seen, not ${cards.length}`)
    },
    facts: (ns) => ({ functions: cards.length, nsPerFunction: Math.round(ns / cards.length) }),
  }
}

/** Makes all functions as they are before firmware runs, from the root of the tree on. */
function switchOff({ bridges, cards }: PciWorld): void {
  for (const { config } of [...bridges, ...cards]) config.reset()
}

/** The requester ids of as many cards, those of some twice, in no particular order. */
function drawn(cards: readonly BenchCard[]): number[] {
  const random = xorshift32(2463534242)
  return Array.from({ length: DRAWN }, () => requesterOf(cards[random() % cards.length] as BenchCard))
}

function requesterOf({ slot }: BenchCard): number {
  return slot?.requester ?? 0
}

function checkSum(sum: number, result: number): void {
  if (result !== MemTx.ok || sum !== READS * 0x0005_1b36) throw new Error('a read has not told vendor and device')
}
