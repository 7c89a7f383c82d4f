import { fc, test as property } from '@fast-check/vitest'
import { describe, expect, test, vi } from 'vitest'
import {
  alias,
  container,
  letGo,
  MemorySystem,
  mmio,
  ownershipOf,
  type RegionReference,
  ram,
} from '../../src/memory/index.ts'
import { RecordingDevice } from './recording-device.ts'
import { RecordingListener } from './recording-listener.ts'

function device(name = 'card') {
  return { name, onFinalize: vi.fn() }
}

test('a space that is refused because its root is finalized leaves nothing that the root shows waiting for it (MR-14)', () => {
  const owner = device()
  const target = ram('ram', 0x1000n)
  const root = alias('root', target).ownedBy(owner)
  letGo(owner)

  expect(() => new MemorySystem('m').createSpace('late', root)).toThrow("'root' of 'card' is gone")
  expect(target.sightIfAny).toBeUndefined()
})

describe('using a region', () => {
  test('holds its owner, with all other regions of it (MR-14)', () => {
    const owner = device()
    const [a, b] = [ram('a', 0x1000n).ownedBy(owner), ram('b', 0x1000n).ownedBy(owner)]
    const holds = [a.retain(), b.retain()]

    letGo(owner)
    holds[0]?.release()
    const early = owner.onFinalize.mock.calls.length
    holds[1]?.release()

    expect([early, owner.onFinalize.mock.calls.length]).toEqual([0, 1])
  })

  test('of nobody is always possible (MR-14)', () => {
    const region = ram('ram', 0x1000n)

    using hold = region.retain()

    expect([hold.held, region.owner]).toEqual([true, undefined])
  })

  test('ends the moment that the last reference does, in whatever order (MR-14)', () => {
    const owner = device()
    const region = ram('a', 0x1000n).ownedBy(owner)

    {
      using _first = region.retain()
      letGo(owner)
      expect(owner.onFinalize).not.toHaveBeenCalled()
    }

    expect(owner.onFinalize).toHaveBeenCalledOnce()
    expect(ownershipOf(owner).regions).toEqual([])
  })

  test('lasts as long as a callback of the owner runs, though it lets itself go (MR-14)', () => {
    const owner = device()
    const registers = new RecordingDevice()
    const region = mmio('regs', 0x1000n, registers).ownedBy(owner)
    const root = container('root')
    root.add(region, 0n)
    const space = new MemorySystem('machine').createSpace('memory', root)
    const inside: unknown[] = []
    registers.fail = () => {
      root.remove(region)
      letGo(owner)
      inside.push(owner.onFinalize.mock.calls.length)
      return 0
    }

    space.write(0n, Uint8Array.of(1))

    expect([inside, owner.onFinalize.mock.calls.length]).toEqual([[0], 1])
  })

  test('lasts as long as an access that may come to it, though another device lets it go meanwhile (MR-14)', () => {
    const owner = device()
    const registers = new RecordingDevice()
    const region = ram('vram', 0x1000n).ownedBy(owner)
    const root = container('root')
    root.add(mmio('regs', 0x1000n, registers), 0n)
    root.add(region, 0x1000n)
    const space = new MemorySystem('machine').createSpace('memory', root)
    const seen: unknown[] = []
    registers.fail = () => {
      root.remove(region)
      letGo(owner)
      using _late = region.retain()
      seen.push(owner.onFinalize.mock.calls.length)
      expect(() => region.finalize()).toThrow('or an access is under way')
      return 0
    }
    owner.onFinalize.mockImplementation(() => region.memory.read(0n, last))
    const last = new Uint8Array(1)

    space.write(0xfffn, Uint8Array.of(1, 2))

    expect([seen, owner.onFinalize.mock.calls.length, last[0]]).toEqual([[0], 1, 2])
  })

  test('that find has given lasts until it is released (MR-14, LR-7)', () => {
    const owner = device()
    const region = ram('a', 0x1000n).ownedBy(owner)
    const root = container('root')
    root.add(region, 0n)
    const space = new MemorySystem('machine').createSpace('memory', root)
    const hold = space.find(0x10n)?.region.retain()

    root.remove(region)
    letGo(owner)
    const early = owner.onFinalize.mock.calls.length
    hold?.release()

    expect([early, owner.onFinalize.mock.calls.length]).toEqual([0, 1])
  })

  test('as the root of a space lasts until the space is destroyed (MR-14, LR-5)', () => {
    const owner = device()
    const root = container('root').ownedBy(owner)
    const system = new MemorySystem('machine')
    const space = system.createSpace('memory', root)

    letGo(owner)
    const early = owner.onFinalize.mock.calls.length
    system.destroySpace(space)

    expect([early, owner.onFinalize.mock.calls.length]).toEqual([0, 1])
  })

  test('as the section of a listener lasts until the listener releases it (MR-14)', () => {
    const owner = device()
    const region = ram('a', 0x1000n).ownedBy(owner)
    const root = container('root')
    root.add(region, 0n)
    const space = new MemorySystem('machine').createSpace('memory', root)
    const holds: RegionReference[] = []
    space.register({ name: 'L', priority: 0, regionAdd: (section) => void holds.push(section.region.retain()) })

    root.remove(region)
    letGo(owner)
    const early = owner.onFinalize.mock.calls.length
    holds[0]?.release()

    expect([early, owner.onFinalize.mock.calls.length]).toEqual([0, 1])
  })

  test('that is gone throws, naming its owner (MR-14)', () => {
    const owner = device()
    const region = ram('a', 0x1000n).ownedBy(owner)

    letGo(owner)

    expect(() => region.retain()).toThrow("'a' of 'card' is gone")
    expect(() => ram('b', 0x1000n).ownedBy(owner)).toThrow("'b' of 'card' is gone")
  })
})

test('a region has one owner', () => {
  const region = ram('a', 0x1000n).ownedBy(device())

  expect(() => region.ownedBy(device('other'))).toThrow("'a' cannot belong to 'other': it belongs to 'card'")
})

describe('finalizing', () => {
  test('hides a region, takes it out of its container and its children out of it, and nobody hears of it (MR-15)', () => {
    const owner = device()
    const system = new MemorySystem('machine')
    const root = container('root')
    const listener = new RecordingListener('L')
    system.createSpace('memory', root).register(listener)
    const [outer, inner] = [container('outer', 0x1000n).ownedBy(owner), container('inner', 0x1000n).ownedBy(owner)]
    const child = ram('child', 0x1000n)
    outer.add(inner, 0n)
    inner.add(child, 0n)
    system.adopt(outer)
    listener.take()

    letGo(owner)

    expect([outer, inner].map(({ enabled, container, children }) => [enabled, container, children])).toEqual([
      [false, undefined, []],
      [false, undefined, []],
    ])
    expect([child.container, child.enabled]).toEqual([undefined, true])
    expect(listener.take()).toEqual([])
  })

  test('of what is in a container of somebody else is refused, naming both (MR-15)', () => {
    const owner = device()
    const root = container('root')
    const region = ram('bar', 0x1000n).ownedBy(owner)
    root.add(region, 0n)

    expect(() => letGo(owner)).toThrow(
      "'bar' cannot be finalized: it is in 'root', which belongs to nobody; remove it there first",
    )
    root.remove(region)
    letGo(owner)

    expect(owner.onFinalize).toHaveBeenCalledOnce()
  })

  test('an alias is possible while its owner is in use, another region is not (MR-14)', () => {
    const owner = device()
    const region = ram('ram', 0x1000n).ownedBy(owner)
    const shown = alias('shown', region).ownedBy(owner)
    const hold = region.retain()

    shown.finalize()

    expect(shown.enabled).toBe(false)
    expect(() => region.finalize()).toThrow("'ram' cannot be finalized: 1 users hold regions of 'card'")
    hold.release()
    region.finalize()
    expect(region.enabled).toBe(false)
  })

  test('happens once (MR-15)', () => {
    const owner = device()
    ram('ram', 0x1000n).ownedBy(owner)

    letGo(owner)
    letGo(owner)

    expect(owner.onFinalize).toHaveBeenCalledOnce()
  })
})

const step = fc.oneof(
  fc.record({ op: fc.constant('retain' as const), which: fc.nat(2) }),
  fc.record({ op: fc.constant('release' as const), which: fc.nat(9) }),
  fc.record({ op: fc.constant('let go' as const), which: fc.nat(1) }),
)

property.prop([fc.array(step, { maxLength: 40 })], { numRuns: 150 })(
  'an owner is finalized exactly when it is let go and no reference is left (MR-14)',
  (steps) => {
    const owners = [device('a'), device('b')]
    // The first owner has two regions.
    const regions = [0, 0, 1].map((owner, i) => ram(`${i}`, 0x1000n).ownedBy(owners[owner] as (typeof owners)[0]))
    const held: { owner: number; reference: RegionReference }[] = []
    const gone = [false, false]
    const final = [false, false]

    for (const { op, which } of steps) {
      if (op === 'retain') {
        const owner = which === 2 ? 1 : 0
        const retain = () => held.push({ owner, reference: (regions[which] as (typeof regions)[0]).retain() })
        if (final[owner]) expect(retain).toThrow('is gone')
        else retain()
      } else if (op === 'release') {
        held.splice(which, 1)[0]?.reference.release()
      } else {
        gone[which] = true
        letGo(owners[which] as (typeof owners)[0])
      }

      for (const i of [0, 1]) final[i] ||= gone[i] === true && held.every(({ owner }) => owner !== i)
      expect(owners.map(({ onFinalize }) => onFinalize.mock.calls.length)).toEqual(final.map(Number))
      expect(owners.map((owner) => ownershipOf(owner).references)).toEqual(
        [0, 1].map((i) => held.filter(({ owner }) => owner === i).length),
      )
    }
  },
)
