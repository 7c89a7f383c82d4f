import { KiB } from '@hostbridge/core/address'
import {
  enumerate,
  formatPciAddress,
  formatRoutingId,
  type PciAddress,
  PciBridge,
  type PciBus,
} from '@hostbridge/devices/pci'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { answerOf, type CardBar, ecamWorld, NumberedCard, peek, pseriesWorld } from './firmware-world.ts'

/** A card or a bridge in each slot; a bridge has slots of its own. */
type Tree = readonly { readonly slot: string; readonly bars?: readonly CardBar[]; readonly behind?: Tree }[]

const bar = (index: number): fc.Arbitrary<CardBar> => {
  const log2 = fc.integer({ min: 12, max: 20 }).map((shift) => 2n ** BigInt(shift))
  return fc.oneof(
    fc.record({ index: fc.constant(index), kind: fc.constant('memory32' as const), size: log2 }),
    fc.record({
      index: fc.constant(index),
      kind: fc.constant('memory64' as const),
      size: log2,
      prefetchable: fc.boolean(),
    }),
    fc.record({
      index: fc.constant(index),
      kind: fc.constant('io' as const),
      size: fc.constantFrom(8n, 32n, 256n),
    }),
  )
}
const bars = fc.tuple(bar(0), bar(2), bar(4)).chain((all) => fc.subarray(all))
const slot = fc.tuple(fc.nat(31), fc.nat(1)).map(([device, fn]) => `${device.toString(16).padStart(2, '0')}.${fn}`)
const { tree } = fc.letrec<{ tree: Tree; entry: Tree[number] }>((tie) => ({
  entry: fc.oneof(
    { maxDepth: 3, withCrossShrink: true },
    fc.record({ slot, bars }),
    fc.record({ slot, behind: tie('tree') as fc.Arbitrary<Tree> }),
  ),
  tree: fc.uniqueArray(tie('entry'), { maxLength: 5, selector: (entry) => entry.slot }),
}))

describe.each([
  ['pseries, by RTAS', pseriesWorld],
  ['a generic host, by ECAM', ecamWorld],
])('enumerating the bus of %s', (_, make) => {
  it('finds, numbers, sizes, assigns and enables all that firmware can find of any tree', () => {
    fc.assert(
      fc.property(tree, (shape) => {
        const world = make()
        let count = 0
        const cards: NumberedCard[] = []
        const plug = (bus: PciBus, slots: Tree): void => {
          for (const { slot: at, bars: of, behind } of slots) {
            if (behind === undefined) cards.push(bus.plug(at, new NumberedCard(++count, of)))
            else plug(bus.plug(at, new PciBridge({ name: `bridge${++count}` })).bus, behind)
          }
        }
        plug(world.bus, shape)

        const { functions, bars: assigned } = enumerate(world.access, { windows: world.windows })

        const names = functions.map(({ address }) => formatRoutingId(address))
        expect(names).toEqual(reachable(world.bus))
        for (const found of functions) {
          for (const { index, kind, address, size } of assigned.get(found.address) ?? []) {
            const first = world.systemAddress(kind, address)
            for (const at of [first, first + size - 4n]) expect(peek(world, at)).toBe(answerOf(found.device, index))
          }
        }
        const found = new Set(functions.filter(({ bridge }) => !bridge).map(({ device }) => device))
        for (const { number, bars: own } of cards) {
          const expected = found.has(number) ? own.all.size : 0
          const mapped = [...own.all.keys()].filter((index) => own.addressOf(index) !== undefined)
          expect(mapped).toHaveLength(expected)
        }
      }),
      { numRuns: 40 },
    )
  })

  it('comes to the same again, with everything already switched on', () => {
    const world = make()
    const bridge = world.bus.plug('01.0', new PciBridge())
    bridge.plug('02.0', new NumberedCard(1, [{ index: 0, kind: 'memory32', size: 4n * KiB }]))

    const first = enumerate(world.access, { windows: world.windows })
    const second = enumerate(world.access, { windows: world.windows })

    expect(second).toEqual(first)
    const address = first.bars.get(0x110)?.[0]?.address ?? 0n
    expect(peek(world, world.systemAddress('memory32', address))).toBe(answerOf(1, 0))
  })
})

/** What firmware can find: of a device without function 0 nothing, of each bridge what is behind it. */
function reachable(bus: PciBus): string[] {
  return bus.devices.flatMap((device) => {
    const address = device.slot?.address as PciAddress
    if (bus.function(address.device << 3) === undefined) return []
    return [formatPciAddress(address), ...(device.secondary === undefined ? [] : reachable(device.secondary))]
  })
}
