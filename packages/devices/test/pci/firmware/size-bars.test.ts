import { GiB, KiB } from '@hostbridge/core/address'
import {
  BusConfigAccess,
  Command,
  type ConfigAccess,
  type FoundFunction,
  findFunctions,
  PciBridge,
  sizeBars,
} from '@hostbridge/devices/pci'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type CardBar, ecamWorld, NumberedCard } from './firmware-world.ts'

function build(bars: readonly CardBar[]) {
  const { bus } = ecamWorld()
  const card = bus.plug('00.0', new NumberedCard(1, bars))
  const access = new BusConfigAccess(bus)
  return { access, card, found: findFunctions(access).functions[0] as FoundFunction }
}

/** Registers of one function, as plain words; those not given are 0 and stay so. */
function registers(words: Record<number, { bits: number; value?: number }>): ConfigAccess {
  const values = new Map(Object.entries(words).map(([offset, { value = 0 }]) => [Number(offset), value]))
  return {
    read: (_, offset) => values.get(offset) ?? 0,
    write: (_, offset, _size, value) => {
      const bits = words[offset]?.bits
      if (bits !== undefined) values.set(offset, ((value & bits & ~0xf) | (bits & 0xf)) >>> 0)
    },
  }
}

const FUNCTION: FoundFunction = { address: 0, vendor: 1, device: 1, classCode: 0, bridge: false, behind: undefined }

describe('sizing BARs', () => {
  it('finds what each decodes and its size (PCI Local Bus 3.0, section 6.2.5.1)', () => {
    const { access, found } = build([
      { index: 0, kind: 'memory32', size: 4n * KiB },
      { index: 1, kind: 'io', size: 32n },
      { index: 2, kind: 'memory64', size: 16n * GiB, prefetchable: true },
      { index: 4, kind: 'memory32', size: 2n * GiB, prefetchable: true },
      { index: 5, kind: 'memory32', size: 16n },
      { index: 0, kind: 'rom', size: 64n * KiB },
    ])

    const bars = sizeBars(access, found)

    expect(
      bars.map(({ index, offset, kind, prefetchable, size }) => [index, offset, kind, prefetchable, size]),
    ).toEqual([
      [0, 0x10, 'memory32', false, 4n * KiB],
      [1, 0x14, 'io', false, 32n],
      [2, 0x18, 'memory64', true, 16n * GiB],
      [4, 0x20, 'memory32', true, 2n * GiB],
      [5, 0x24, 'memory32', false, 16n],
      [6, 0x30, 'rom', false, 64n * KiB],
    ])
  })

  it('leaves everything as it was, and nothing decoded meanwhile', () => {
    const { access, card, found } = build([{ index: 0, kind: 'memory32', size: 4n * KiB }])
    card.config.write(0x10, 4, 0x1234_5000)
    card.config.write(4, 2, Command.memory | Command.busMaster)
    const seen = new Set<number>()
    card.config.watch(0x10, 4, () => void seen.add(card.config.read(4, 2)))

    sizeBars(access, found)

    expect([card.config.read(0x10, 4), card.config.read(4, 2)]).toEqual([0x1234_5000, 0x6])
    expect([...seen]).toEqual([Command.busMaster])
    expect(card.bars.addressOf(0)).toBe(0x1234_5000n)
  })

  it('finds two BARs and the ROM of a bridge, at the places of its header', () => {
    const { bus } = ecamWorld()
    bus.plug('00.0', new PciBridge({ identity: {} }))
    const access = new BusConfigAccess(bus)
    const [bridge] = findFunctions(access).functions

    expect(sizeBars(access, bridge as FoundFunction)).toEqual([])
    const words = registers({ 16: { bits: 0xffff_0000 }, 24: { bits: 0xffff_0000 }, 56: { bits: 0xffff_f800 } })
    expect(sizeBars(words, { ...FUNCTION, bridge: true }).map(({ offset, kind }) => [offset, kind])).toEqual([
      [0x10, 'memory32'],
      [0x38, 'rom'],
    ])
  })

  it('takes an I/O register whose upper half is not there', () => {
    expect(sizeBars(registers({ 16: { bits: 0xffe1 } }), FUNCTION)).toMatchObject([{ kind: 'io', size: 32n }])
  })

  it('takes a 64-bit register at the very end for one of 32 bits, and reads on behind a pair', () => {
    expect(sizeBars(registers({ 36: { bits: 0xffff_f004 } }), FUNCTION)).toMatchObject([
      { index: 5, kind: 'memory32', size: 4096n },
    ])
    const pair = registers({ 16: { bits: 0x4 }, 20: { bits: 0xffff_fff0 }, 24: { bits: 0xffff_f000 } })
    expect(sizeBars(pair, FUNCTION).map(({ index, size }) => [index, size])).toEqual([
      [0, 2n ** 36n],
      [2, 4096n],
    ])
  })

  it('finds every size that a register can express', () => {
    const bar = fc.oneof(
      fc.record({ kind: fc.constant('memory32' as const), log2: fc.integer({ min: 4, max: 31 }) }),
      fc.record({ kind: fc.constant('memory64' as const), log2: fc.integer({ min: 4, max: 52 }) }),
      fc.record({ kind: fc.constant('io' as const), log2: fc.integer({ min: 2, max: 31 }) }),
      fc.record({ kind: fc.constant('rom' as const), log2: fc.integer({ min: 11, max: 31 }) }),
    )

    fc.assert(
      fc.property(bar, ({ kind, log2 }) => {
        const { access, found } = build([{ index: 0, kind, size: 2n ** BigInt(log2) }])

        expect(sizeBars(access, found)).toMatchObject([{ kind, size: 2n ** BigInt(log2) }])
      }),
      { numRuns: 60 },
    )
  })
})
