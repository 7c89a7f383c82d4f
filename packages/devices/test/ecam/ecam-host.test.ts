import { GiB, KiB } from '@hostbridge/core/address'
import { Machine } from '@hostbridge/core/machine'
import { MemTx, mmio } from '@hostbridge/core/memory'
import { EcamHost } from '@hostbridge/devices/ecam'
import { Command, Header, PciBridge, PciDevice, Type1 } from '@hostbridge/devices/pci'
import { describe, expect, test } from 'vitest'
import { bridgeScene, Card, ECAM, enable } from '../pci/bridge-scene.ts'

/** A PCI Express function with MSI, and 1 GiB of memory wherever the guest wants it. */
class Express extends PciDevice {
  constructor() {
    super('express', { express: true, busMaster: true, vendor: 0x1234, device: 0x5678 })
    this.useMsi()
    this.bars.add(0, { kind: 'memory64', region: mmio('wide', 1n * GiB, { read: () => 0x64, write: () => undefined }) })
  }
}

describe('a generic PCI Express host', () => {
  test('shows the registers of each function at its place, in accesses of 1, 2, 4 and 8 bytes', () => {
    const { machine, host } = bridgeScene()
    host.plug('00:02.3', new Express())
    const at = ECAM + 0x1_3000n
    const read = (offset: number, size: number): string => {
      const bytes = new Uint8Array(size)
      machine.space.read(at + BigInt(offset), bytes)
      return [...bytes.reverse()].map((byte) => byte.toString(16).padStart(2, '0')).join('')
    }

    machine.space.write(at + 4n, Uint8Array.of(0x06, 0x01))

    expect([read(0, 1), read(2, 2), read(0, 4)]).toEqual(['34', '5678', '56781234'])
    expect(read(0, 8)).toBe('0010010656781234')
    expect(host.bus.find(0, 0x13)?.config.get(Header.command)).toBe(0x0106)
  })

  test('shows 1 MiB for each bus number, so that functions behind bridges are where their bus is', () => {
    const { machine, host } = bridgeScene()
    const bridge = host.plug('00:01.0', new PciBridge())
    bridge.bus.plug('02.3', new Express())
    const idAt = (bus: bigint): number => machine.space.load32(ECAM + (bus << 20n) + 0x1_3000n)

    const unnumbered = idAt(5n)
    bridge.config.write(Type1.secondaryBus.offset, 1, 5)
    bridge.config.write(Type1.subordinateBus.offset, 1, 5)

    expect([unnumbered, idAt(5n), idAt(4n), idAt(2n)]).toEqual([0xffff_ffff, 0x5678_1234, 0xffff_ffff, 0xffff_ffff])
  })

  test('answers all ones for functions that are not there, and past the end of conventional ones', () => {
    const { machine, host } = bridgeScene()
    host.plug('00:01.0', new Card())
    const read = (address: bigint): number[] => {
      const bytes = new Uint8Array(8)
      expect(machine.space.read(address, bytes)).toBe(MemTx.ok)
      return [...bytes]
    }

    const absent = read(ECAM + 0x5_0000n)
    const beyond = read(ECAM + 0x8100n)
    const written = machine.space.write(ECAM + 0x5_0000n, new Uint8Array(8))

    expect([absent, beyond]).toEqual([Array(8).fill(0xff), Array(8).fill(0xff)])
    expect(written).toBe(MemTx.ok)
  })

  test.each([
    [1, 0x10_0000n],
    [256, 0x1000_0000n],
  ])('has 1 MiB of configuration space for each of %i buses', (buses, size) => {
    const machine = new Machine('m')
    machine.plug(new EcamHost({ ecam: { address: ECAM, buses } }))

    const region = machine.root.children.find(({ address }) => address === ECAM)

    expect(region?.size).toBe(size)
  })

  test('shows BARs through its windows: memory of 32 and 64 bits, and I/O', () => {
    const { host, peek } = bridgeScene()
    enable(host.plug('00:01.0', new Card()), 0x1000_0000, 0x40)
    const wide = host.plug('00:02.0', new Express())
    wide.bars.all.get(0)?.point(0x80_4000_0000n)
    wide.config.write(Header.command.offset, 2, Command.memory)

    expect([peek(0x1000_0000n), peek(0x3eff_0040n), peek(0x80_4000_0000n)]).toEqual([0x51, 0x10, 0x64])
  })

  test('shows a window at another address than on the bus', () => {
    const { host, peek } = bridgeScene({ memory32: { address: 0xe000_0000n, bus: 0x8000_0000n, size: 0x1000_0000n } })
    enable(host.plug('00:01.0', new Card()), 0x8000_0000)

    expect(peek(0xe000_0000n)).toBe(0x51)
    expect(host.windows.memory32.bus).toBe(0x8000_0000n)
  })

  test('leaves out windows that it has not', () => {
    const { machine, host } = bridgeScene({ memory64: false, io: false })

    const names = machine.root.children.map(({ name }) => name)

    expect(names.sort()).toEqual(['pcie ecam', 'pcie mmio32', 'ram'])
    expect(Object.keys(host.windows)).toEqual(['ecam', 'memory32'])
  })

  test('messages ring at its doorbell, with who sent them (PC-2)', () => {
    const { host } = bridgeScene({ doorbell: { address: 0xfee0_0000n } })
    const heard: unknown[] = []
    const end = host.msi.connect((...message) => heard.push(message))
    const card = host.plug('00:02.1', new Express())
    card.msi?.setMessage(0xfee0_0040n, 0x31)
    card.config.write((card.msi?.offset ?? 0) + 2, 2, 1)

    card.msi?.signal(0)
    end()
    card.msi?.signal(0)

    expect(heard).toEqual([[0x31, 0x40, 0x0011]])
  })

  test('a message that a register sends when it is written is heard, and its listener may read registers', () => {
    const { host, peek, machine } = bridgeScene({ doorbell: { address: 0xfee0_0000n } })
    const card = host.plug('00:02.0', new Express())
    const heard: string[] = []
    host.msi.connect((data) => heard.push(`${data} ${peek(ECAM + 0x1_0000n).toString(16)}`))
    card.config.watch(0x40, 1, () => card.message(0xfee0_0000n, 9))

    machine.space.write(ECAM + 0x1_0040n, Uint8Array.of(1))

    expect(heard).toEqual(['9 56781234'])
  })

  test('drives four wires with the pins of its functions', () => {
    const { host } = bridgeScene()
    const card = host.plug('00:06.0', new Card())

    card.intx?.set(true)

    expect(host.wires.map(({ raised }) => raised)).toEqual([false, false, true, false])
  })

  test('leaves nothing behind', () => {
    const machine = new Machine('m')
    const before = machine.mtree()
    const host = machine.plug(new EcamHost({ doorbell: { address: 0xfee0_0000n } }))
    host.plug('00:01.0', new Card())

    machine.unplug(host)

    expect(machine.mtree()).toBe(before)
    expect(() => host.bus).toThrowError(/'pcie' has no bus/)
  })

  test('refuses what it cannot be, naming it', () => {
    expect(() => new EcamHost({ ecam: { address: 0n, buses: 257 } })).toThrowError(/'pcie' .* 257 buses: 1 to 256/)
    expect(() => new EcamHost({ memory32: { address: 4n * GiB, size: 4n * KiB } })).toThrowError(/ends? above 4 GiB/)
  })
})
