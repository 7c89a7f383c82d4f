import type { BenchCase, CaseFacts, Suite } from './bench-case.ts'
import { threadCpuTime } from './clock.ts'
import { type AccessWorld, dmaWorld, mmioWorld, PAGE, ramWorld } from './memory-worlds.ts'

/** Accesses that one sample makes. */
const ACCESSES = 2 ** 17

/** Accesses after which the heap may have grown by a little. */
const MANY = 1_000_000

/** Rounds in which a case and what it is compared with take turns. */
const ROUNDS = 9

const scratch = new BigUint64Array(1)
const words = new Uint32Array(scratch.buffer)

/**
 * Single accesses through the public call, at addresses drawn beforehand: `mmio/N` reads 4 bytes of a random one of N regions,
 * `ram/8` reads 8 bytes of a random page of 256 MiB, `dma/8` and `dma/4096` read such pages through a TCE table; `copy/4096` is
 * what `dma/4096` cannot be faster than. `…-write/…` are the same as writes.
 *
 * Facts: `rawNs` is what the same bytes of the same memory, the table's entries included, or the same callbacks take without any
 * emulation, `oursNs` what the access takes beyond that, medians of rounds in turns, and `leastRawNs` and `leastOursNs` the same of the
 * least times; `splitNs` is what it takes on this machine and in this run to split an address; `heapKiB` is how much the heap grew
 * over 10^6 accesses.
 */
export const memorySuite: Suite = {
  name: 'memory',
  cases: () => [
    ...['mmio/16', 'mmio/256', 'mmio/1936', 'mmio-write/16'],
    ...['ram/8', 'ram-write/8', 'ram-all/8'],
    ...['dma/8', 'dma-write/8', 'dma/4096', 'copy/4096'],
  ],
  open: (name) => {
    const mmio = /^mmio(-write)?\/([1-9]\d{0,4})$/.exec(name)
    if (mmio !== null) return accesses(mmioWorld(Number(mmio[2])), mmio[1] === undefined ? read32 : write32)
    switch (name) {
      case 'ram/8':
        return accesses(ramWorld(), read64)
      case 'ram-all/8':
        return accesses(ramWorld(2 ** 16), read64)
      case 'ram-write/8':
        return accesses(ramWorld(), write64)
      case 'dma/8':
        return accesses(dmaWorld(), read64)
      case 'dma-write/8':
        return accesses(dmaWorld(), write64)
      case 'dma/4096':
        return pages(dmaWorld())
      case 'copy/4096':
        return copies(dmaWorld())
    }
    return undefined
  },
}

/** Makes `count` accesses and returns the OR of their results. */
type Access = (world: AccessWorld, count: number) => number

function accesses(world: AccessWorld, access: Access): BenchCase {
  let result = -1
  return {
    unit: 'access',
    units: ACCESSES,
    clock: 'cpu',
    run() {
      result = access(world, ACCESSES)
    },
    check: () => checkResult(result),
    facts: () => ({ ...besideBare(world, access), splitNs: splitTime(world), heapKiB: heapGrowth(world, access) }),
  }
}

const pair = new Uint32Array(2)

function read32({ space, addresses }: AccessWorld, count: number): number {
  const mask = addresses.length - 1
  let sum = 0
  let result = 0
  for (let index = 0; index < count; index++) {
    sum += space.load32(addresses[index & mask] as bigint)
    result |= space.loadResult
  }
  return result | (sum < 0 ? 1 : 0)
}

function write32({ space, addresses }: AccessWorld, count: number): number {
  const mask = addresses.length - 1
  let result = 0
  for (let index = 0; index < count; index++) result |= space.store32(addresses[index & mask] as bigint, index)
  return result
}

function read64({ space, addresses }: AccessWorld, count: number): number {
  const mask = addresses.length - 1
  let result = 0
  for (let index = 0; index < count; index++) result |= space.loadWords(addresses[index & mask] as bigint, pair)
  return result
}

function write64({ space, addresses }: AccessWorld, count: number): number {
  const mask = addresses.length - 1
  let result = 0
  for (let index = 0; index < count; index++) result |= space.storeWords(addresses[index & mask] as bigint, index, 0)
  return result
}

/** Whole pages through the IOMMU; `ratio` compares them with plain copies of the same pages, in turns. */
function pages(world: AccessWorld): BenchCase {
  const into = new Uint8Array(PAGE)
  const count = ACCESSES / 8
  let result = -1
  const run = (): void => {
    result = readPages(world, count, into)
  }
  return {
    unit: 'page',
    units: count,
    clock: 'cpu',
    run,
    check: () => checkResult(result),
    facts: () => inTurns(run, () => copyPages(world, count, into), count),
  }
}

function copies(world: AccessWorld): BenchCase {
  const into = new Uint8Array(PAGE)
  const count = ACCESSES / 8
  return {
    unit: 'page',
    units: count,
    clock: 'cpu',
    run: () => copyPages(world, count, into),
  }
}

function readPages({ space, pageAddresses }: AccessWorld, count: number, into: Uint8Array): number {
  const mask = pageAddresses.length - 1
  let result = 0
  for (let index = 0; index < count; index++) result |= space.read(pageAddresses[index & mask] as bigint, into)
  return result
}

function copyPages({ bytes, places }: AccessWorld, count: number, into: Uint8Array): void {
  const mask = places.length - 1
  for (let index = 0; index < count; index++) {
    const place = places[index & mask] as number
    into.set(bytes.subarray(place, place + PAGE))
  }
}

/** The median ratio of two pieces of work that are done in turns, and what the second takes per unit. */
function inTurns(run: () => void, compared: () => void, units: number): CaseFacts {
  const turns = Array.from({ length: ROUNDS }, () => ({ ns: timed(run, units), copyNs: timed(compared, units) }))
  const ratio = median(turns.map(({ ns, copyNs }) => ns / copyNs))
  return { ratio, copyNs: median(turns.map(({ copyNs }) => copyNs)) }
}

/** What an access takes, and what its loads or callbacks do alone, in turns. */
function besideBare(world: AccessWorld, access: Access): CaseFacts {
  let sum = 0
  const turns = Array.from({ length: ROUNDS }, () => {
    const ns = timed(() => access(world, ACCESSES), ACCESSES)
    const rawNs = timed(() => {
      sum += world.bare(ACCESSES)
    }, ACCESSES)
    return { ns, rawNs }
  })
  if (Number.isNaN(sum)) throw new Error('nothing was loaded')
  const leastRawNs = Math.min(...turns.map(({ rawNs }) => rawNs))
  return {
    rawNs: median(turns.map(({ rawNs }) => rawNs)),
    oursNs: median(turns.map(({ ns, rawNs }) => ns - rawNs)),
    leastRawNs,
    leastOursNs: Math.min(...turns.map(({ ns }) => ns)) - leastRawNs,
  }
}

/** What it takes to get page and offset of the world's addresses, and nothing else, in ns. */
function splitTime({ addresses }: AccessWorld): number {
  const mask = addresses.length - 1
  let sum = 0
  const split = (): void => {
    for (let index = 0; index < ACCESSES; index++) {
      scratch[0] = addresses[index & mask] as bigint
      sum += (words[1] as number) * 2 ** 20 + ((words[0] as number) >>> 12)
    }
  }
  const times = Array.from({ length: ROUNDS }, () => timed(split, ACCESSES))
  if (sum === 0) throw new Error('no address was split')
  return median(times)
}

/** KiB by which the heap grows over {@link MANY} accesses, the least of three times: the compiler may allocate in one of them. */
function heapGrowth(world: AccessWorld, access: Access): number {
  const growths = Array.from({ length: 3 }, () => {
    const before = process.memoryUsage().heapUsed
    access(world, MANY)
    return process.memoryUsage().heapUsed - before
  })
  return Math.round(Math.min(...growths) / 1024)
}

function timed(work: () => void, units: number): number {
  const start = threadCpuTime()
  work()
  return ((threadCpuTime() - start) * 1e6) / units
}

function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[values.length >> 1] as number
}

function checkResult(result: number): void {
  if (result !== 0) throw new Error(`the results of the accesses are ${result} together, not ok`)
}
