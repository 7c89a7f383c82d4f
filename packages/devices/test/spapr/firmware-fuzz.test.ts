import { mmio } from '@hostbridge/core/memory'
import { EduDevice } from '@hostbridge/devices/endpoints'
import { PciDevice } from '@hostbridge/devices/pci'
import { Hcall, Hypercalls, RtasToken, VioDevice } from '@hostbridge/devices/spapr'
import fc from 'fast-check'
import { expect, it } from 'vitest'
import { BUFFER, buidOf, firmwareScene, writeCells } from './firmware-scene.ts'
import { VfioLikeListener } from './vfio-like-listener.ts'

class Card extends PciDevice {
  constructor() {
    super('card', { express: true, interruptPin: 1 })
    this.useMsi({ vectors: 8, maskable: true })
    const within = mmio('card bar0', 65536n, { read: () => 0, write: () => {} })
    this.useMsix({ vectors: 16, within, bar: 0 })
    this.usePowerManagement()
    this.bars.add(0, { kind: 'memory64', region: within })
  }
}

/** A machine with two functions, a virtual device and a listener on the bus; a window has at most 2^24 pages. */
function build() {
  const hypercalls = new Hypercalls({ stuffLimit: 64 })
  const scene = firmwareScene({ maxWindowEntries: 2 ** 24, hypercalls })
  scene.phb.plug('01.0', new EduDevice())
  scene.phb.plug('02.0', new Card())
  scene.machine.plug(new VioDevice('vio', 0x2000, hypercalls))
  scene.phb.dma.register(new VfioLikeListener([]))
  return scene
}

const [HIGH, LOW] = buidOf(build().phb)
const bits32 = fc.integer({ min: 0, max: 0xffff_ffff })
const bits64 = fc.bigInt({ min: 0n, max: 2n ** 64n - 1n })

/** Words that mean something to some call, and any others. */
const word = fc.oneof(
  bits32,
  fc.nat(70),
  fc.constantFrom(HIGH, LOW, 0x0800, 0x1000, 0x1004, 0x1010, 0x80000000, 0x80000001, 0x2000, 4, 2, 16, 20, 12, 44),
)
const token = fc.oneof(
  { weight: 9, arbitrary: fc.constantFrom(...Object.values(RtasToken)) },
  { weight: 1, arbitrary: bits32 },
)

/** Calls that name the bridge, with the right counts or with any. */
const firmware = fc.record({
  token,
  args: fc.oneof(
    fc.array(word, { maxLength: 18 }),
    fc.tuple(word, fc.constant(HIGH), fc.constant(LOW), word, word, word).chain((args) => {
      return fc.integer({ min: 3, max: 6 }).map((count) => args.slice(0, count))
    }),
  ),
  results: fc.oneof(fc.constantFrom(1, 2, 3, 4, 5, 6), fc.nat(20)),
})

it('whatever firmware calls a guest makes, none throws, and the counts in use are the bridge’s own', () => {
  fc.assert(
    fc.property(fc.array(firmware, { maxLength: 30 }), (calls) => {
      const { call, machine, phb } = build()

      const statuses = calls.map((it) => call(it.token, it.args, it.results).hcall)

      expect(statuses.every((status) => status === 0 || status === -4)).toBe(true)
      expect(phb.windows.active.length).toBeLessThanOrEqual(2)
      expect(phb.hypercalls.messages.numbers.taken.length).toBeLessThanOrEqual(2)
      machine.reset()
      expect(phb.windows.active.map(({ liobn }) => liobn)).toEqual([0x80000000])
      machine.unplug(phb)
      expect(machine.memory.spaces.map(({ name }) => name)).toEqual(['memory', 'vio-dma'])
    }),
    { numRuns: 100 },
  )
})

it('whatever buffer a guest names, and whatever counts are in it, no call throws', () => {
  const buffer = fc.oneof(bits64, fc.bigInt({ min: 2n ** 64n - 64n, max: 2n ** 64n - 1n }), fc.constant(BUFFER))
  const cells = fc.array(fc.oneof(bits32, token), { minLength: 3, maxLength: 8 })
  const { machine, phb } = build()

  fc.assert(
    fc.property(buffer, cells, (at, words) => {
      writeCells(machine.space, BUFFER, words)

      const { status, values } = phb.hypercalls.hcall(Hcall.rtas, [at])

      expect([0, -4]).toContain(status)
      expect(values).toEqual([])
    }),
    { numRuns: 200 },
  )
})

it('whatever hypercalls a guest makes, none throws, and each answers one of the known statuses', () => {
  const number = fc.oneof(fc.constantFrom(...Object.values(Hcall)), fc.nat(0xffff))
  const argument = fc.oneof(
    bits64,
    fc.constantFrom(0x80000000n, 0x80000001n, 0x2000n, 0x1000n, 0x10000n, 0x800000000000000n, 0x3ffff000n),
    fc.bigInt({ min: 0n, max: 600n }),
  )
  const one = fc.record({ number, args: fc.array(argument, { maxLength: 6 }) })
  const { machine, phb, call } = build()
  call(RtasToken.createDmaWindow, [0, HIGH, LOW, 16, 30], 4)

  fc.assert(
    fc.property(one, ({ number: which, args }) => {
      const { status } = phb.hypercalls.hcall(which, args)

      expect([0, -1, -2, -4]).toContain(status)
    }),
    { numRuns: 200 },
  )
  expect(machine.guestErrors.total).toBe(0)
})

it('a guest that takes and gives interrupt numbers for ever leaves nothing with its function', () => {
  const { call, phb } = build()
  const card = phb.bus.at('02.0') as Card
  let releases = 0
  const { onRelease } = card
  card.onRelease = (undo) => {
    releases++
    onRelease.call(card, undo)
  }

  for (let round = 0; round < 20; round++) {
    call(RtasToken.changeMsi, [0x1000, HIGH, LOW, 4, 16, 0], 3)
    call(RtasToken.changeMsi, [0x1000, HIGH, LOW, 4, 0, 0], 3)
  }

  expect(releases).toBe(1)
})
