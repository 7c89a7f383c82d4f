import * as core from '@hostbridge/core'
import { KiB, MiB } from '@hostbridge/core/address'
import { Device, InterruptController, InterruptLine, Machine, OrGate } from '@hostbridge/core/machine'
import { ram } from '@hostbridge/core/memory'
import { memoryFingerprint, restoreSnapshot, takeSnapshot } from '@hostbridge/core/snapshot'
import * as devices from '@hostbridge/devices'
import { EcamHost } from '@hostbridge/devices/ecam'
import {
  DmaEngine,
  Edu,
  EduDevice,
  IommuTestdev,
  IommuTestdevDevice,
  NvmeController,
  PciTestdev,
  RamBacking,
  TrafficEngine,
} from '@hostbridge/devices/endpoints'
import { DoorbellDevice, type FrameWire, LinkAdapter } from '@hostbridge/devices/links'
import {
  Command,
  DownstreamPort,
  ExpressPort,
  PciBridge,
  PciDevice,
  PcieToPciBridge,
  RootPort,
  Type1,
  UpstreamPort,
} from '@hostbridge/devices/pci'
import { SpaprHostBridge, VioDevice } from '@hostbridge/devices/spapr'
import { Host, Type1Iommu, VfioPciDevice } from '@hostbridge/devices/vfio'
import { describe, expect, test } from 'vitest'

interface Scene {
  readonly machine: Machine
  /** Brings the device to a state that it does not begin in. */
  disturb(): void
}

/** Classes that other devices extend and nobody plugs. */
const ABSTRACT: readonly unknown[] = [Device, PciDevice, ExpressPort]

/** How to make a machine with a device of each class in it; a class that is exported and not here fails the test. */
const SCENES = new Map<unknown, () => Scene>([
  [PciBridge, () => behind(new PciBridge())],
  [RootPort, () => behind(new RootPort())],
  [UpstreamPort, () => behind(new UpstreamPort())],
  [DownstreamPort, () => behind(new DownstreamPort())],
  [PcieToPciBridge, () => behind(new PcieToPciBridge())],
  [
    EcamHost,
    () => {
      const machine = new Machine('virt')
      const host = machine.plug(new EcamHost())
      const edu = host.plug('00:01.0', new EduDevice())
      return { machine, disturb: () => edu.intx?.set(true) }
    },
  ],
  [
    DmaEngine,
    () => {
      const { machine, phb } = pseries()
      const engine = phb.plug('00:01.0', new DmaEngine())
      return { machine, disturb: () => void engine.start({ direction: 'write', iova: 0n, bytes: Uint8Array.of(1) }) }
    },
  ],
  [
    EduDevice,
    () => {
      const { machine, phb } = pseries()
      const edu = phb.plug('00:01.0', new EduDevice())
      const poke = enabled(machine, edu)
      return {
        machine,
        disturb: () => {
          poke(Edu.liveness, 5)
          poke(Edu.factorial, 6)
          poke(Edu.dmaDestination, 0x40000)
          poke(Edu.dmaCount, 16)
          poke(Edu.dmaCommand, 1)
        },
      }
    },
  ],
  [
    IommuTestdevDevice,
    () => {
      const { machine, phb } = pseries()
      const poke = enabled(machine, phb.plug('00:01.0', new IommuTestdevDevice()))
      return {
        machine,
        disturb: () => {
          poke(IommuTestdev.iovaLow, 0x1000)
          poke(IommuTestdev.length, 8)
          poke(IommuTestdev.doorbell, 1)
        },
      }
    },
  ],
  [
    PciTestdev,
    () => {
      const { machine, phb } = pseries()
      const poke = enabled(machine, phb.plug('00:01.0', new PciTestdev()))
      return {
        machine,
        disturb: () => {
          poke(0, 1, 1)
          poke(2049, 0xfa, 1)
        },
      }
    },
  ],
  [
    TrafficEngine,
    () => {
      const { machine, phb } = pseries()
      const engine = phb.plug('00:01.0', new TrafficEngine({ jitter: 900 }))
      const disturb = (): void => {
        engine.run({
          pattern: 'random',
          requests: 40,
          length: 0x3000n,
          requestBytes: 512,
          outstanding: 5,
          readPercent: 60,
        })
        machine.run({ until: 3_000n })
      }
      return { machine, disturb }
    },
  ],
  [
    NvmeController,
    () => {
      const { machine, phb } = pseries()
      const backing = new RamBacking(1n * MiB)
      const poke = enabled(machine, phb.plug('00:01.0', new NvmeController({ namespaces: [{ backing }] })))
      return {
        machine,
        disturb: () => {
          backing.write(0, Uint8Array.of(1, 2, 3))
          poke(0x0c, 5)
          poke(0x24, 0x001f_001f)
          poke(0x14, 0x0046_0001)
        },
      }
    },
  ],
  [
    VioDevice,
    () => {
      const { machine, phb } = pseries()
      const vio = machine.plug(new VioDevice('vscsi', 0x2000, phb.hypercalls))
      return {
        machine,
        disturb: () => {
          phb.hypercalls.putTce(0x2000, 0n, 3n)
          vio.setBypass(true)
        },
      }
    },
  ],
  [
    DoorbellDevice,
    () => {
      const machine = new Machine('pc')
      const bell = { ring: () => {}, onRing: undefined as ((value: number) => void) | undefined }
      machine.plug(new DoorbellDevice({ address: 0n, bell }))
      return { machine, disturb: () => bell.onRing?.(5) }
    },
  ],
  [
    InterruptController,
    () => {
      const machine = new Machine('pc')
      const controller = machine.plug(new InterruptController({ inputs: 2 }))
      return { machine, disturb: () => controller.enable(1, false) }
    },
  ],
  [
    LinkAdapter,
    () => {
      const { machine, phb } = pseries()
      const wire: FrameWire = { send: () => true, onFrame: undefined }
      const adapter = phb.plug('00:01.0', new LinkAdapter({ wire }))
      const disturb = (): void => {
        adapter.post(0n, 8)
        adapter.post(8n, 8)
        for (let count = 0; count < 3; count++) wire.onFrame?.(Uint8Array.of(count))
        adapter.take()
        adapter.post(16n, 8)
      }
      return { machine, disturb }
    },
  ],
  [
    OrGate,
    () => {
      const machine = new Machine('pc')
      const gate = machine.plug(new OrGate('pin'))
      const line = new InterruptLine('outside')
      gate.join(line)
      return { machine, disturb: () => line.raise() }
    },
  ],
  [
    SpaprHostBridge,
    () => {
      const { machine, phb } = pseries()
      return { machine, disturb: () => phb.createWindow({ pageShift: 16, windowShift: 30 }) }
    },
  ],
  [
    VfioPciDevice,
    () => {
      const { machine, phb } = pseries()
      const host = new Host({ iommu: new Type1Iommu({ pageSizes: [4n * KiB] }) })
      const card = host.plug('0000:01:00.0', new DmaEngine())
      phb.plug('00:01.0', new VfioPciDevice(card))
      return { machine, disturb: () => void card.start({ direction: 'read', iova: 0n, bytes: new Uint8Array(4) }) }
    },
  ],
])

/** A bridge with a function behind it that the guest has numbered, opened and lets raise its pin. */
function behind(bridge: PciBridge): Scene {
  const machine = new Machine('virt')
  const host = machine.plug(new EcamHost())
  host.plug('00:02.0', bridge)
  const edu = bridge.plug('00.0', new EduDevice())
  const disturb = (): void => {
    bridge.config.write(Type1.primaryBus.offset, 4, 0x01_0100)
    bridge.config.write(Type1.memoryBase.offset, 4, 0x1010_1000)
    bridge.config.write(0x04, 2, Command.memory | Command.busMaster)
    edu.config.write(0x10, 4, 0x1000_0000)
    edu.config.write(0x04, 2, Command.memory)
    edu.intx?.set(true)
  }
  return { machine, disturb }
}

function pseries() {
  const machine = new Machine('pseries')
  machine.map(0n, ram('ram', 1n * MiB))
  const phb = machine.plug(new SpaprHostBridge({ index: 0 }))
  phb.window.put(0n, { to: 0n, access: 'rw' })
  return { machine, phb }
}

/** Maps a function's first BAR and returns what writes to it. */
function enabled(machine: Machine, device: PciDevice): (offset: number, value: number, size?: 1 | 4) => void {
  device.config.write(0x10, 4, 0x9000_0000)
  device.config.write(0x04, 2, Command.memory | Command.busMaster)
  return (offset, value, size = 4) => {
    const bytes = Uint8Array.of(value, value >>> 8, value >>> 16, value >>> 24).subarray(0, size)
    machine.space.write(0x2000_9000_0000n + BigInt(offset), bytes)
  }
}

function exportedDevices(): [string, unknown][] {
  return Object.entries({ ...core, ...devices }).filter(([, value]) => {
    return (
      typeof value === 'function' &&
      (value === Device || value.prototype instanceof Device) &&
      !ABSTRACT.includes(value)
    )
  })
}

describe.each(exportedDevices())('%s', (_, device) => {
  test('is saved and restored with the machine that it is plugged into', () => {
    const make = SCENES.get(device) as () => Scene
    const { machine, disturb } = make()
    const fresh = machine.save()
    disturb()
    const other = make()

    restoreSnapshot(other.machine, takeSnapshot(machine))

    expect(machine.save()).not.toEqual(fresh)
    expect(other.machine.save()).toEqual(machine.save())
    expect(memoryFingerprint(other.machine)).toBe(memoryFingerprint(machine))
    expect(other.machine.run()).toEqual(machine.run())
    expect(other.machine.save()).toEqual(machine.save())
  })
})
