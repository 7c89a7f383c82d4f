import { fc, test as property } from '@fast-check/vitest'
import {
  type BlockBacking,
  NvmeDataset,
  NvmeIo,
  type NvmeNamespaceOptions,
  NvmeStatus,
  RamBacking,
} from '@hostbridge/devices/endpoints'
import { describe, expect, it, test } from 'vitest'
import { nvmeScene, PAGE, type Scene } from './driver.ts'

function ready(options: Parameters<typeof nvmeScene>[0] = {}): Scene {
  const scene = nvmeScene(options)
  scene.driver.enable()
  scene.driver.addQueues(1)
  return scene
}

function pattern(length: number, seed = 7): Uint8Array {
  return Uint8Array.from({ length }, (_, index) => (index * seed + (index >>> 8)) & 0xff)
}

/** A backing that does what it is told, and nothing more than it must. */
class PlainBacking implements BlockBacking {
  readonly size = 64 * 512
  readonly bytes = new Uint8Array(this.size)
  flushes = 0
  answer: 'done' | 'failed' | 'full' = 'done'

  read(position: number, into: Uint8Array) {
    into.set(this.bytes.subarray(position, position + into.length))
    return this.answer
  }

  write(position: number, from: Uint8Array) {
    if (this.answer === 'done') this.bytes.set(from, position)
    return this.answer
  }

  flush() {
    this.flushes++
    return this.answer
  }
}

const KINDS: readonly [string, (size: number) => NvmeNamespaceOptions][] = [
  ['RAM in blocks of 512 bytes', (size) => ({ backing: new RamBacking(size) })],
  ['RAM in blocks of 4096 bytes', (size) => ({ backing: new RamBacking(size), blockSize: 4096 })],
]

describe.each(KINDS)('%s', (_, make) => {
  const blockSize = make(PAGE).blockSize ?? 512

  it('gives back what was written (NVM Express 1.3d, 6.9 and 6.14)', () => {
    const { driver } = ready({ namespaces: [make(1 << 20)] })
    const [from, to] = [driver.pages(2), driver.pages(2)]
    const blocks = (2 * PAGE) / blockSize
    driver.fill(from, pattern(2 * PAGE))

    const command = { namespace: 1, cdw10: 5, cdw12: blocks - 1 }
    const written = driver.run(1, { opcode: NvmeIo.write, prp1: from, prp2: from + PAGE, ...command })
    const read = driver.run(1, { opcode: NvmeIo.read, prp1: to, prp2: to + PAGE, ...command })

    expect([written.status, read.status]).toEqual([0, 0])
    expect(driver.look(to, 2 * PAGE)).toEqual(pattern(2 * PAGE))
  })

  it('reads its last block and no block behind it', () => {
    const { driver } = ready({ namespaces: [make(16 * blockSize)] })
    const prp1 = driver.pages()
    const read = (cdw10: number, cdw11 = 0, cdw12 = 0) => {
      return driver.run(1, { opcode: NvmeIo.read, namespace: 1, prp1, cdw10, cdw11, cdw12 }).status
    }

    const inside = read(15)

    expect(inside).toBe(NvmeStatus.success)
    expect([read(16), read(15, 0, 1), read(0, 1), read(0xffff_ffff, 0xffff_ffff)]).toEqual(
      new Array(4).fill(NvmeStatus.lbaOutOfRange),
    )
  })
})

describe('I/O commands', () => {
  it('read over the end of a chunk of memory, into pages that follow each other on the bus', () => {
    const { driver } = ready()
    const [from, to] = [driver.pages(2), driver.pages(2)]
    driver.fill(from, pattern(2 * PAGE))
    const command = { namespace: 1, cdw10: 120, cdw12: 15 }

    driver.run(1, { opcode: NvmeIo.write, prp1: from, prp2: from + PAGE, ...command })
    driver.run(1, { opcode: NvmeIo.read, prp1: to, prp2: to + PAGE, ...command })

    expect(driver.look(to, 2 * PAGE)).toEqual(pattern(2 * PAGE))
  })

  it('compare memory with blocks (6.6)', () => {
    const { driver } = ready()
    const prp1 = driver.pages()
    driver.fill(prp1, pattern(PAGE))
    driver.run(1, { opcode: NvmeIo.write, namespace: 1, prp1, cdw12: 7 })
    const compare = () => driver.run(1, { opcode: NvmeIo.compare, namespace: 1, prp1, cdw12: 7 }).status

    const same = compare()
    driver.fill(prp1 + PAGE - 1, Uint8Array.of(1))

    expect([same, compare()]).toEqual([NvmeStatus.success, NvmeStatus.compareFailure])
  })

  it('write zeroes, and give back what those took (6.16)', () => {
    const backing = new RamBacking(1 << 20)
    const { driver } = ready({ namespaces: [{ backing }] })
    const [prp1, back] = [driver.pages(), driver.pages()]
    backing.write(0, pattern(1 << 18))

    const zeroed = driver.run(1, { opcode: NvmeIo.writeZeroes, namespace: 1, cdw10: 1, cdw12: 300 })
    driver.run(1, { opcode: NvmeIo.read, namespace: 1, prp1, cdw10: 0, cdw12: 7 })
    driver.run(1, { opcode: NvmeIo.read, namespace: 1, prp1: back, cdw10: 300, cdw12: 7 })

    expect(zeroed.status).toBe(NvmeStatus.success)
    expect(driver.look(prp1, PAGE)).toEqual(
      pattern(1 << 18)
        .subarray(0, PAGE)
        .fill(0, 512),
    )
    expect(driver.look(back, PAGE)).toEqual(
      pattern(1 << 18)
        .subarray(300 * 512, 308 * 512)
        .fill(0, 0, 1024),
    )
    expect(backing.committedBytes).toBe(3 * 65_536)
    expect(driver.run(1, { opcode: NvmeIo.writeZeroes, namespace: 1, cdw10: 2047, cdw12: 1 }).status).toBe(
      NvmeStatus.lbaOutOfRange,
    )
  })

  const ranges = (scene: Scene, list: readonly [number, number][], flags: number = NvmeDataset.deallocate): number => {
    const prp1 = scene.driver.pages()
    const words = new Uint32Array(list.flatMap(([first, count]) => [0, count, first, 0]))
    scene.driver.fill(prp1, new Uint8Array(words.buffer))
    const opcode = NvmeIo.datasetManagement
    return scene.driver.run(1, { opcode, namespace: 1, prp1, cdw10: list.length - 1, cdw11: flags }).status
  }

  it('deallocate ranges, which read 0 then (6.7)', () => {
    const backing = new RamBacking(1 << 20)
    const scene = ready({ namespaces: [{ backing }] })
    backing.write(0, new Uint8Array(1 << 20).fill(1))
    const before = backing.committedBytes

    const status = ranges(scene, [
      [0, 128],
      [129, 1],
      [256, 0],
      [1024, 1024],
    ])

    const bytes = new Uint8Array(1 << 20)
    backing.read(0, bytes)
    const expected = new Uint8Array(1 << 20)
      .fill(1)
      .fill(0, 0, 128 * 512)
      .fill(0, 129 * 512, 130 * 512)
    expect(status).toBe(NvmeStatus.success)
    expected.fill(0, 1024 * 512, 2048 * 512)
    expect(bytes.findIndex((byte, index) => byte !== expected[index])).toBe(-1)
    expect(before - backing.committedBytes).toBe(9 * 65_536)
  })

  it('deallocate nothing where one of the ranges does not lie inside, or it was only a hint (6.7)', () => {
    const backing = new RamBacking(1 << 20)
    const scene = ready({ namespaces: [{ backing }] })
    backing.write(0, new Uint8Array(1 << 20).fill(1))

    const outside = ranges(scene, [
      [0, 128],
      [2048, 1],
    ])
    const hint = ranges(scene, [[0, 128]], 0)

    expect([outside, hint]).toEqual([NvmeStatus.lbaOutOfRange, NvmeStatus.success])
    expect(backing.committedBytes).toBe(1 << 20)
  })

  it('flush one namespace, or all (6.8)', () => {
    const [first, second] = [new PlainBacking(), new PlainBacking()]
    const { driver } = ready({ namespaces: [{ backing: first }, { backing: second }] })

    const statuses = [2, 0xffff_ffff, 3].map((namespace) => driver.run(1, { opcode: NvmeIo.flush, namespace }).status)

    expect(statuses).toEqual([0, 0, NvmeStatus.invalidNamespace])
    expect([first.flushes, second.flushes]).toEqual([1, 2])
  })

  test.each([
    ['a namespace that is not there', { opcode: 2, namespace: 2 }, NvmeStatus.invalidNamespace],
    ['no namespace', { opcode: 2, namespace: 0 }, NvmeStatus.invalidNamespace],
    ['an opcode that is none', { opcode: 0x7f }, NvmeStatus.invalidOpcode],
    ['a fused command', { opcode: 2, flags: 1 }, NvmeStatus.invalidField],
    ['SGLs', { opcode: 2, flags: 0x40 }, NvmeStatus.invalidField],
    ['more than MDTS', { opcode: 2, cdw12: 64 }, NvmeStatus.invalidField],
    ['more than MDTS of writes', { opcode: 1, cdw12: 0xffff }, NvmeStatus.invalidField],
  ])('are refused for %s', (_, command, expected) => {
    const { driver } = ready({ maxTransferShift: 3 })

    const done = driver.run(1, { namespace: 1, prp1: driver.pages(), ...command })

    expect([done.status, done.retry]).toEqual([expected, false])
  })

  it('do without anything that a backing need not have', () => {
    const backing = new PlainBacking()
    const { driver } = ready({ namespaces: [{ backing }] })
    const [prp1, back] = [driver.pages(), driver.pages()]
    driver.fill(prp1, pattern(PAGE))
    const base = { namespace: 1, prp1, cdw10: 3, cdw12: 7 }

    const statuses = [NvmeIo.write, NvmeIo.compare].map((opcode) => driver.run(1, { opcode, ...base }).status)
    driver.run(1, { opcode: NvmeIo.writeZeroes, namespace: 1, cdw10: 4, cdw12: 0 })
    const read = driver.run(1, { opcode: NvmeIo.read, ...base, prp1: back })
    const hint = driver.run(1, { opcode: NvmeIo.datasetManagement, namespace: 1, prp1: driver.pages(), cdw11: 4 })

    expect([...statuses, read.status, hint.status]).toEqual([0, 0, 0, 0])
    expect(driver.look(back, PAGE)).toEqual(pattern(PAGE).fill(0, 512, 1024))
  })

  test.each([
    ['failed', NvmeIo.read, NvmeStatus.unrecoveredReadError],
    ['failed', NvmeIo.compare, NvmeStatus.unrecoveredReadError],
    ['failed', NvmeIo.write, NvmeStatus.writeFault],
    ['full', NvmeIo.write, NvmeStatus.capacityExceeded],
    ['full', NvmeIo.writeZeroes, NvmeStatus.capacityExceeded],
    ['failed', NvmeIo.flush, NvmeStatus.writeFault],
  ] as const)('tell the guest when the backing has %s at opcode %d', (answer, opcode, expected) => {
    const backing = new PlainBacking()
    backing.answer = answer
    const { driver } = ready({ namespaces: [{ backing }] })

    expect(driver.run(1, { opcode, namespace: 1, prp1: driver.pages() }).status).toBe(expected)
  })

  it('never take more memory than the backing allows, however much is written', () => {
    const backing = new RamBacking(1 << 30, { limit: 2 * 65_536 })
    const { driver } = ready({ namespaces: [{ backing }] })
    const prp1 = driver.pages()

    const statuses = [0, 128, 256, 1 << 20].map((cdw10) => {
      return driver.run(1, { opcode: NvmeIo.write, namespace: 1, prp1, cdw10 }).status
    })

    expect(statuses).toEqual([0, 0, NvmeStatus.capacityExceeded, NvmeStatus.capacityExceeded])
    expect(backing.committedBytes).toBe(2 * 65_536)
  })
})

describe('faults', () => {
  it('a read into memory that is not mapped fails with a status and a fault record, and can be tried again', () => {
    const { driver, nvme } = ready()
    const pages = driver.pages(2)
    driver.revoke(pages + PAGE)

    const done = driver.run(1, { opcode: NvmeIo.read, namespace: 1, prp1: pages, prp2: pages + PAGE, cdw12: 15 })

    expect(done).toMatchObject({ status: NvmeStatus.dataTransferError, retry: true })
    expect(nvme.faults.last).toMatchObject({ requester: 8, iova: BigInt(pages + PAGE), access: 'write' })
  })

  it('a write from memory that is not mapped as a whole changes no block', () => {
    const backing = new RamBacking(1 << 20)
    const { driver, nvme } = ready({ namespaces: [{ backing }] })
    const pages = driver.pages(2)
    backing.write(0, pattern(2 * PAGE))
    driver.revoke(pages + PAGE)

    const done = driver.run(1, { opcode: NvmeIo.write, namespace: 1, prp1: pages, prp2: pages + PAGE, cdw12: 15 })

    const bytes = new Uint8Array(2 * PAGE)
    backing.read(0, bytes)
    expect(done.status).toBe(NvmeStatus.dataTransferError)
    expect(bytes).toEqual(pattern(2 * PAGE))
    expect(nvme.faults.last).toMatchObject({ access: 'read', iova: BigInt(pages + PAGE) })
  })

  it('memory that may only be read is not written', () => {
    const { driver } = ready()
    const page = driver.pages()
    driver.revoke(page, 'r')

    const statuses = [NvmeIo.read, NvmeIo.write].map((opcode) => {
      return driver.run(1, { opcode, namespace: 1, prp1: page }).status
    })

    expect(statuses).toEqual([NvmeStatus.dataTransferError, NvmeStatus.success])
  })
})

/** A read or write of a few blocks at a byte offset of a buffer, with its list where it likes. */
const request = fc.record({
  write: fc.boolean(),
  block: fc.nat(200),
  count: fc.integer({ min: 1, max: 56 }),
  offset: fc.nat(1023).map((word) => 4 * word),
  /** Entries that are left in the list's first page. */
  listRoom: fc.integer({ min: 1, max: 12 }),
  backwards: fc.boolean(),
})

describe('random reads and writes', () => {
  property.prop([fc.array(request, { minLength: 1, maxLength: 8 }), fc.constantFrom(0, 1)], { numRuns: 25 })(
    'with PRP lists of any shape do what an array does',
    (requests, mps) => {
      const { driver, nvme } = nvmeScene({ namespaces: [{ backing: new RamBacking(256 * 512) }] })
      driver.enable(32, mps)
      const pageSize = PAGE << mps
      const queues = Math.ceil(driver.pages(64) / pageSize) * pageSize
      driver.addRings(1, 32, queues, queues + 2 * pageSize)
      driver.admin({ opcode: 5, prp1: queues + 2 * pageSize, cdw10: 0x001f_0001, cdw11: 3 })
      driver.admin({ opcode: 1, prp1: queues, cdw10: 0x001f_0001, cdw11: 0x0001_0001 })
      const disk = new Uint8Array(256 * 512)
      let seed = 1

      for (const { write, block, count, offset, listRoom, backwards } of requests) {
        const length = count * 512
        const start = offset % pageSize
        const pages = Math.ceil((start + length) / pageSize)
        const first = Math.ceil(driver.pages((pages + 1) << mps) / pageSize) * pageSize
        const order = Array.from({ length: pages }, (_, index) => (backwards ? pages - 1 - index : index))
        const places = order.map((page) => first + page * pageSize)
        const bytes = pattern(length, seed++)
        const pieces = places.map((place, index) => {
          const at = index === 0 ? place + start : place
          const from = index === 0 ? 0 : index * pageSize - start
          return { at, bytes: bytes.subarray(from, Math.min(length, (index + 1) * pageSize - start)) }
        })
        if (write) for (const piece of pieces) driver.fill(piece.at, piece.bytes)
        const prp2 = pages === 2 ? (places[1] as number) : putList(driver, places.slice(1), listRoom, pageSize)
        const inside = block + count <= 256
        const prp1 = (places[0] as number) + start

        const done = driver.run(1, { opcode: write ? 1 : 2, namespace: 1, prp1, prp2, cdw10: block, cdw12: count - 1 })

        expect(done.status).toBe(inside ? 0 : NvmeStatus.lbaOutOfRange)
        if (!inside) continue
        if (write) disk.set(bytes, block * 512)
        const found = pieces.flatMap((piece) => [...driver.look(piece.at, piece.bytes.length)])
        const wrong = found.findIndex((byte, index) => byte !== disk[block * 512 + index])
        expect([found.length, wrong]).toEqual([length, -1])
      }
      expect(nvme.faults.last).toBeUndefined()
    },
  )
})

/** Writes a list that has `room` entries in its first page and goes on in others; returns where it begins. */
function putList(driver: Scene['driver'], places: readonly number[], room: number, pageSize: number): number {
  const page = Math.ceil(driver.pages((2 * pageSize) / PAGE) / pageSize) * pageSize
  const at = page + pageSize - 8 * room
  const fits = places.length <= room
  const here = fits ? [...places] : [...places.slice(0, room - 1), 0]
  if (!fits) {
    const next = Math.ceil(driver.pages((2 * pageSize) / PAGE) / pageSize) * pageSize
    here[room - 1] = next
    driver.fill(next, entries(places.slice(room - 1)))
  }
  driver.fill(at, entries(here))
  return at
}

function entries(places: readonly number[]): Uint8Array {
  return new Uint8Array(BigUint64Array.from(places, BigInt).buffer)
}
