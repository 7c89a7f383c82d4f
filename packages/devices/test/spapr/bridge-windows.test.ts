import { GiB, KiB, MiB } from '@hostbridge/core/address'
import { Machine } from '@hostbridge/core/machine'
import { MemTx, mmio } from '@hostbridge/core/memory'
import { PciDevice } from '@hostbridge/devices/pci'
import { BridgeWindows, Hypercalls, SpaprHostBridge } from '@hostbridge/devices/spapr'
import { describe, expect, it } from 'vitest'

/** A function whose BARs tell their index and the offset that is read: 0 of memory, 2 of 64 bits, 4 of I/O. */
class Echo extends PciDevice {
  constructor() {
    super('echo')
    const region = (index: number) =>
      mmio(`bar${index}`, 4n * KiB, { read: (offset) => (index << 16) | offset, write: () => {} })
    this.bars.add(0, { kind: 'memory32', region: region(0) })
    this.bars.add(2, { kind: 'memory64', region: region(2) })
    this.bars.add(4, { kind: 'io', region: region(4) })
  }
}

const TiB = 1024n * GiB

describe('the windows of a host bridge', () => {
  it('lie in system memory as the index says (PH-1, PH-2)', () => {
    const at = (index: number) => new BridgeWindows('phb', index).all.map(({ system, size }) => [system, size])

    expect(at(0)).toEqual([
      [0x200000000000n, 64n * KiB],
      [0x200080000000n, 2n * GiB],
      [0x210000000000n, TiB],
    ])
    expect(at(30)).toEqual([
      [0x2000001e0000n, 64n * KiB],
      [0x200f80000000n, 2n * GiB],
      [0x3f0000000000n, TiB],
    ])
  })

  it('begin at 0 for I/O, at 2 GiB for memory of 32 bits, and at the same address for memory of 64 bits (PH-1)', () => {
    expect(new BridgeWindows('phb', 1).all.map(({ kind, bus }) => [kind, bus])).toEqual([
      [1, 0n],
      [2, 0x80000000n],
      [3, 0x220000000000n],
    ])
  })

  it('may be smaller, and that of 64 bits absent, but that of 32 bits not larger than 2 GiB (PH-1)', () => {
    const small = new BridgeWindows('phb', 0, { memory32Size: 1n * MiB, memory64Size: 0n })

    expect(small.all.map(({ size }) => size)).toEqual([64n * KiB, 1n * MiB])
    for (const memory32Size of [0x80000001n, 0n]) {
      expect(() => new BridgeWindows('phb', 0, { memory32Size })).toThrowError(/at most 0x80000000/)
    }
  })

  it('are aliases into the 2^64 bytes of the bus’s memory and its 64 KiB of I/O addresses (PH-3)', () => {
    const machine = new Machine('pseries')
    const phb = machine.plug(new SpaprHostBridge({ index: 2 }))
    const echo = phb.plug('01.0', new Echo())
    echo.bars.all.get(0)?.point(0x8000_3000n)
    echo.bars.all.get(2)?.point(0x2300_0000_5000n)
    echo.bars.all.get(4)?.point(0x7000n)
    echo.config.write(4, 2, 3)

    const read = (address: bigint) => [machine.space.load32(address), machine.space.loadResult]

    expect([phb.addresses.memory.size, phb.addresses.io.size]).toEqual([2n ** 64n, 64n * KiB])
    expect(read(0x2001_8000_3008n)).toEqual([8, MemTx.ok])
    expect(read(0x2300_0000_5010n)).toEqual([0x2_0010, MemTx.ok])
    expect(read(0x2000_0002_7020n)).toEqual([0x4_0020, MemTx.ok])
    expect(read(0x8000_3008n)[1]).toBe(MemTx.decodeError)
  })

  it('of several bridges lie beside each other (PH-1)', () => {
    const machine = new Machine('pseries')
    const hypercalls = new Hypercalls()
    for (let index = 0; index <= 30; index++) machine.plug(new SpaprHostBridge({ index, hypercalls }))

    const { ranges } = machine.space.flatView

    expect(ranges).toEqual([])
    expect(machine.root.children).toHaveLength(93)
    const spans = [...machine.root.children].map(({ address, size }) => [address, address + size] as const)
    spans.sort(([a], [b]) => (a < b ? -1 : 1))
    expect(spans.every(([start], index) => index === 0 || start >= (spans[index - 1]?.[1] as bigint))).toBe(true)
  })
})
