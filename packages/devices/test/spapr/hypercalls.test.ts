// Long because it has a test for each of the rules HC-1 to HC-11, in their order.
import { MiB } from '@hostbridge/core/address'
import { Machine } from '@hostbridge/core/machine'
import { ram } from '@hostbridge/core/memory'
import { Hcall, HcallStatus, Hypercalls, SpaprHostBridge } from '@hostbridge/devices/spapr'
import fc from 'fast-check'
import { describe, expect, it, vi } from 'vitest'
import { Mirror } from './mirror.ts'

const LIOBN = 0x80000000n
const { success, hardware, parameter } = HcallStatus
const LIST = 0x10000n

/** A pseries machine with 1 MiB of RAM and a window of 16 pages of 4 KiB from bus address 0x100000. */
function build(): { machine: Machine; phb: SpaprHostBridge; calls: Hypercalls } {
  const machine = new Machine('pseries')
  machine.map(0n, ram('ram', 1n * MiB))
  const phb = machine.plug(new SpaprHostBridge({ index: 0, window: { start: 0x100000n, size: 0x10000n } }))
  return { machine, phb, calls: phb.hypercalls }
}

function writeList(machine: Machine, at: bigint, tces: readonly bigint[]): void {
  const list = new DataView(new ArrayBuffer(tces.length * 8))
  for (const [index, tce] of tces.entries()) list.setBigUint64(8 * index, tce)
  machine.space.write(at, new Uint8Array(list.buffer))
}

function entries({ phb }: { phb: SpaprHostBridge }): Record<number, bigint> {
  const all = Array.from({ length: phb.window.entries }, (_, index) => [index, phb.window.entryAt(index)] as const)
  return Object.fromEntries(all.filter(([, tce]) => tce !== 0n))
}

describe('TCE hypercalls', () => {
  it('are found by their numbers, their arguments in order (HC-1)', () => {
    const built = build()
    const { calls, machine } = built
    writeList(machine, LIST, [0x8003n, 0x9003n])

    const results = [
      calls.hcall(0x20, [LIOBN, 0x101000n, 0x7003n]),
      calls.hcall(0x1c, [LIOBN, 0x101000n]),
      calls.hcall(0x138, [LIOBN, 0x102000n, 0x1001n, 2n]),
      calls.hcall(0x13c, [LIOBN, 0x104000n, LIST, 2n]),
    ]

    expect(results).toEqual([
      { status: success, values: [] },
      { status: success, values: [0x7003n] },
      { status: success, values: [] },
      { status: success, values: [] },
    ])
    expect(entries(built)).toEqual({ 1: 0x7003n, 2: 0x1001n, 3: 0x1001n, 4: 0x8003n, 5: 0x9003n })
  })

  it('that do not exist answer H_FUNCTION, and missing arguments count as 0', () => {
    const { calls } = build()

    expect(calls.hcall(0x4, [])).toEqual({ status: -2, values: [] })
    expect(calls.hcall(Hcall.putTce, [])).toEqual({ status: parameter, values: [] })
  })

  it('answer H_PARAMETER for an unknown LIOBN, and for one with any of bits 63..32 set (HC-2, TC-11)', () => {
    const { calls } = build()

    for (const liobn of [0n, LIOBN + 2n, LIOBN + (1n << 32n), LIOBN + (1n << 63n)]) {
      expect(calls.putTce(liobn, 0x100000n, 3n)).toBe(parameter)
      expect(calls.getTce(liobn, 0x100000n)).toEqual({ status: parameter })
      expect(calls.stuffTce(liobn, 0x100000n, 0n, 1n)).toBe(parameter)
      expect(calls.putTceIndirect(liobn, 0x100000n, LIST, 1n)).toBe(parameter)
    }
  })

  it('align the bus address down to the page (HC-3)', () => {
    const built = build()

    const status = built.calls.putTce(LIOBN, 0x101fffn, 0x7003n)

    expect(status).toBe(success)
    expect(entries(built)).toEqual({ 1: 0x7003n })
  })

  it('answer H_PARAMETER beyond the window and before it (HC-4)', () => {
    const { calls } = build()

    const addresses = [0x110000n, 0xfffffn, 0n, 2n ** 64n - 1n]

    expect(addresses.map((ioba) => calls.putTce(LIOBN, ioba, 3n))).toEqual(addresses.map(() => parameter))
  })

  it('tell notifiers of what H_PUT_TCE stores (HC-5)', () => {
    const { calls, phb } = build()
    const mirror = new Mirror('vfio')
    phb.window.register(mirror.notifier)

    calls.putTce(LIOBN, 0x101000n, 0x7003n)

    expect(mirror.log).toEqual(['map 0x1000 → 0x7000 3'])
  })

  it('refuse an indirect list that is too long or not at a page, without effect (HC-6)', () => {
    const built = build()
    const { calls, machine } = built
    writeList(machine, LIST, [0x8003n])

    const statuses = [
      calls.putTceIndirect(LIOBN, 0x100000n, LIST, 513n),
      calls.putTceIndirect(LIOBN, 0x100000n, LIST + 8n, 1n),
      calls.putTceIndirect(LIOBN, 0x100000n, LIST, 2n ** 64n - 1n),
    ]

    expect(statuses).toEqual([parameter, parameter, parameter])
    expect(entries(built)).toEqual({})
  })

  it('store 0 for indirect entries that cannot be read, and succeed (HC-6)', () => {
    const built = build()
    const { calls } = built
    calls.stuffTce(LIOBN, 0x100000n, 0x7003n, 4n)

    const status = calls.putTceIndirect(LIOBN, 0x101000n, 8n * MiB, 2n)

    expect(status).toBe(success)
    expect(entries(built)).toEqual({ 0: 0x7003n, 3: 0x7003n })
  })

  it('take a full list of 512 entries at the last page of the address space', () => {
    const machine = new Machine('pseries')
    machine.map(2n ** 64n - 0x1000n, ram('top', 0x1000n))
    const phb = machine.plug(new SpaprHostBridge({ index: 0 }))
    writeList(machine, 2n ** 64n - 8n, [0x9003n])

    const status = phb.hypercalls.putTceIndirect(LIOBN, 0n, 2n ** 64n - 0x1000n, 512n)

    expect([status, phb.window.entryAt(511)]).toEqual([success, 0x9003n])
  })

  it('refuse to stuff more than the window has, without effect (HC-7)', () => {
    const built = build()

    const status = built.calls.stuffTce(LIOBN, 0x100000n, 0x7003n, 17n)

    expect(status).toBe(parameter)
    expect(entries(built)).toEqual({})
  })

  it('stuff a window whole', () => {
    const { calls, phb } = build()

    expect(calls.stuffTce(LIOBN, 0x100000n, 0x1003n, 16)).toBe(success)
    expect([phb.window.entryAt(0), phb.window.entryAt(15)]).toEqual([0x1003n, 0x1003n])
  })

  it('take their arguments as 64-bit registers', () => {
    const { calls } = build()

    expect(calls.hcall(Hcall.putTce, [LIOBN - (1n << 64n), 0x101000n, -1n]).status).toBe(success)
    expect(calls.hcall(Hcall.getTce, [LIOBN, 0x101000n]).values).toEqual([2n ** 64n - 1n])
    expect(calls.hcall(Hcall.putTce, [LIOBN, -1n, 3n]).status).toBe(parameter)
    expect(calls.hcall(Hcall.stuffTce, [LIOBN, 0x101000n, 3n, -1n]).status).toBe(parameter)
  })

  it('refuse to stuff more than a bound, so that no guest makes the emulator fill 2^32 entries at once', () => {
    const machine = new Machine('pseries')
    const phb = machine.plug(new SpaprHostBridge({ index: 0, hypercalls: new Hypercalls({ stuffLimit: 8 }) }))

    const statuses = [9n, 8n].map((count) => phb.hypercalls.stuffTce(LIOBN, 0n, 0x7003n, count))

    expect(statuses).toEqual([parameter, success])
    expect([phb.window.entryAt(7), phb.window.entryAt(8)]).toEqual([0x7003n, 0n])
  })

  it('answer H_PARAMETER for 0 pages (HC-8)', () => {
    const { calls } = build()

    expect(calls.stuffTce(LIOBN, 0x100000n, 0n, 0n)).toBe(parameter)
    expect(calls.putTceIndirect(LIOBN, 0x100000n, LIST, 0n)).toBe(parameter)
  })

  it('stop at the end of the window: what comes before stays, stored and told (HC-9)', () => {
    const built = build()
    const { calls, machine, phb } = built
    const mirror = new Mirror('vfio')
    phb.window.register(mirror.notifier)
    writeList(machine, LIST, [0x8003n, 0x9003n, 0xa003n])

    const statuses = [calls.putTceIndirect(LIOBN, 0x10e000n, LIST, 3n), calls.stuffTce(LIOBN, 0x10f000n, 0x7001n, 2n)]

    expect(statuses).toEqual([parameter, parameter])
    expect(entries(built)).toEqual({ 14: 0x8003n, 15: 0x7001n })
    expect(mirror.log).toEqual(['map 0xe000 → 0x8000 3', 'map 0xf000 → 0x9000 3', 'map 0xf000 → 0x7000 1'])
  })

  it('give back every bit that was stored (HC-10)', () => {
    const { calls } = build()

    calls.putTce(LIOBN, 0x101000n, 0xffff_ffff_ffff_fffcn)

    expect(calls.getTce(LIOBN, 0x101234n)).toEqual({ status: success, tce: 0xffff_ffff_ffff_fffcn })
  })

  it('answer H_PARAMETER while the table is disabled, all four (HC-11)', () => {
    const { calls, phb } = build()
    phb.window.disable()

    const statuses = [
      calls.putTce(LIOBN, 0x100000n, 3n),
      calls.getTce(LIOBN, 0x100000n).status,
      calls.stuffTce(LIOBN, 0x100000n, 0n, 1n),
      calls.putTceIndirect(LIOBN, 0x100000n, LIST, 1n),
    ]

    expect(statuses).toEqual([parameter, parameter, parameter, parameter])
  })

  it('answer H_HARDWARE when a notifier refuses; what was stored before stays, and a guest error says why', () => {
    const built = build()
    const { calls, machine, phb } = built
    const mirror = new Mirror('vfio')
    phb.window.register(mirror.notifier)
    calls.putTce(LIOBN, 0x101000n, 0x5003n)
    mirror.refuses = (event) => event.iova === 0x1000n
    writeList(machine, LIST, [0x8003n, 0x9003n, 0xa003n])

    const statuses = [
      calls.putTce(LIOBN, 0x101000n, 0x6003n),
      calls.putTceIndirect(LIOBN, 0x100000n, LIST, 3n),
      calls.stuffTce(LIOBN, 0x100000n, 0x7001n, 3n),
    ]

    expect(statuses).toEqual([hardware, hardware, hardware])
    expect(entries(built)).toEqual({ 0: 0x7001n, 1: 0x5003n })
    expect(machine.guestErrors.total).toBe(3)
    expect([...machine.guestErrors].map(({ code }) => code)).toEqual(new Array(3).fill('spapr.mapping-refused'))
    expect(machine.guestErrors.last?.message).toMatchInlineSnapshot(`
      "H_STUFF_TCE in 'tce-0x80000000' was refused:
        [0x1000, 0x1fff] (0x1000 bytes): the host is full [limit]"
    `)
  })

  it('answer H_HARDWARE when there is no memory for the table, and nothing throws', () => {
    const { calls, machine } = build()
    const outOfMemory = class {
      constructor() {
        throw new RangeError('could not allocate memory')
      }
    }
    vi.stubGlobal('WebAssembly', { Memory: outOfMemory })

    const statuses = [calls.putTce(LIOBN, 0x100000n, 0x7003n), calls.stuffTce(LIOBN, 0x100000n, 0x7003n, 2n)]

    vi.unstubAllGlobals()
    expect(statuses).toEqual([hardware, hardware])
    expect(machine.guestErrors.last?.message).toMatch(
      /no memory for this part of the table \(could not allocate memory\)/,
    )
    expect(calls.putTce(LIOBN, 0x100000n, 0x7003n)).toBe(success)
  })

  it('read lists from the machine as long as one of its bridges is plugged', () => {
    const { calls, machine } = build()
    const second = machine.plug(new SpaprHostBridge({ index: 1, hypercalls: calls }))
    writeList(machine, LIST, [0x8003n])

    machine.unplug(second)
    calls.putTceIndirect(LIOBN, 0x100000n, LIST, 1)

    expect(calls.getTce(LIOBN, 0x100000n).tce).toBe(0x8003n)
  })

  it('serve the bridges of one machine', () => {
    const calls = new Hypercalls()
    const machine = new Machine('pseries')
    const bridges = [0, 1].map((index) => machine.plug(new SpaprHostBridge({ index, hypercalls: calls })))

    calls.putTce(0x80000100n, 0n, 0x7003n)

    expect(bridges.map(({ window }) => window.entryAt(0))).toEqual([0n, 0x7003n])
    const other = new SpaprHostBridge({ index: 2, hypercalls: calls })
    expect(() => new Machine('second').plug(other)).toThrowError(/of machine 'pseries' cannot serve machine 'second'/)
    for (const bridge of bridges) machine.unplug(bridge)
    expect([...calls.tables]).toEqual([])
    expect(new Machine('second').plug(other).hypercalls.machine?.name).toBe('second')
  })

  it('do for every sequence of calls what a list of entries does', () => {
    const address = fc.bigInt({ min: 0xfe000n, max: 0x112000n })
    const tce = fc.bigInt({ min: 0n, max: 2n ** 64n - 1n })
    const call = fc.record({
      kind: fc.constantFrom('put', 'stuff', 'indirect'),
      address,
      tces: fc.array(tce, { maxLength: 6 }),
    })

    fc.assert(
      fc.property(fc.array(call, { maxLength: 20 }), (list) => {
        const built = build()
        const { calls, machine } = built
        const plain: Record<number, bigint> = {}
        for (const { kind, address: ioba, tces } of list) {
          const values = kind === 'indirect' ? tces : tces.map(() => tces[0] as bigint)
          const wanted = kind === 'put' ? [tces[0] ?? 0n] : values
          const first = Number(ioba >> 12n) - 0x100
          const fits = first < 0 ? [] : wanted.slice(0, Math.max(0, 16 - first))
          for (const [index, value] of fits.entries()) plain[first + index] = value
          writeList(machine, LIST, tces)

          const count = BigInt(wanted.length)
          const status =
            kind === 'put'
              ? calls.putTce(LIOBN, ioba, tces[0] ?? 0n)
              : kind === 'stuff'
                ? calls.stuffTce(LIOBN, ioba, tces[0] ?? 0n, count)
                : calls.putTceIndirect(LIOBN, ioba, LIST, count)

          expect(status).toBe(fits.length === wanted.length && fits.length > 0 ? success : parameter)
        }
        expect(entries(built)).toEqual(Object.fromEntries(Object.entries(plain).filter(([, value]) => value !== 0n)))
      }),
      { numRuns: 100 },
    )
  })
})
