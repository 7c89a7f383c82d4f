import { GiB, hex, KiB, MiB, rangeOf } from '@hostbridge/core/address'
import { Machine } from '@hostbridge/core/machine'
import { formatSize, ram } from '@hostbridge/core/memory'
import { EcamHost } from '@hostbridge/devices/ecam'
import { EduDevice, PciTestdev } from '@hostbridge/devices/endpoints'
import {
  CapabilityId,
  EcamConfigAccess,
  enumerate,
  formatRoutingId,
  PciBridge,
  RootPort,
  walkCapabilities,
} from '@hostbridge/devices/pci'

/*
 * What firmware does before an operating system starts, over nothing but configuration space: it finds the functions, numbers the
 * buses behind bridges, sizes the BARs, gives addresses to them, opens the bridges, and switches everything on. Then a driver finds its
 * registers where the BAR says.
 */

const ECAM = { address: 0x40_1000_0000n, buses: 256 } as const
const MEMORY_32 = { address: 0x1000_0000n, size: 512n * MiB } as const
const MEMORY_64 = { address: 512n * GiB, size: 64n * GiB } as const
const PORTS = { address: 0x3eff_0000n, bus: 0n, size: 64n * KiB } as const

/** Where `edu` says who it is, and what it says: version 1.0 and 0xed. */
const EDU = { vendor: 0x1234, device: 0x11e8, identity: 0x0100_00ed } as const

export function build(): Machine {
  const machine = new Machine('virt')
  machine.map(4n * GiB, ram('ram', 1n * GiB))
  const host = machine.plug(new EcamHost({ ecam: ECAM, memory32: MEMORY_32, memory64: MEMORY_64, io: PORTS }))
  host.plug('01.0', new PciTestdev())
  const port = host.plug('02.0', new RootPort({ name: 'port' }))
  port.plug('00.0', new EduDevice())
  const bridge = host.plug('03.0', new PciBridge({ name: 'bridge' }))
  bridge.plug('04.0', new PciTestdev())
  bridge.plug('04.1', new EduDevice())
  bridge.plug('05.0', new PciBridge({ name: 'inner' })).plug('06.0', new EduDevice())
  return machine
}

export function main(
  print: (line: string) => void = console.log,
  watch: (machine: Machine) => void = () => {},
): { functions: number; buses: number; answered: number } {
  const machine = build()
  watch(machine)
  const access = new EcamConfigAccess(machine.space, ECAM.address)

  const { bus, functions, bars } = enumerate(access, {
    windows: {
      io: rangeOf(PORTS.bus, PORTS.size),
      memory32: rangeOf(MEMORY_32.address, MEMORY_32.size),
      memory64: rangeOf(MEMORY_64.address, MEMORY_64.size),
    },
  })

  let answered = 0
  for (const { address, vendor, device, classCode, behind } of functions) {
    const ids = `${digits(vendor, 4)}:${digits(device, 4)} class ${digits(classCode, 6)}`
    const leads = behind === undefined ? '' : `, leads to bus ${digits(behind.number, 2)} of ${digits(behind.last, 2)}`
    print(`${formatRoutingId(address)} ${ids}${leads}`)
    for (const bar of bars.get(address) ?? []) {
      print(`        BAR ${bar.index}: ${bar.kind} at ${hex(bar.address)}, ${formatSize(bar.size)}`)
    }
    const names = [...walkCapabilities(access, address)].map(({ id, offset }) => `${nameOf(id)} at ${hex(offset)}`)
    if (names.length > 0) print(`        capabilities: ${names.join(', ')}`)
    if (vendor !== EDU.vendor || device !== EDU.device) continue
    const registers = bars.get(address)?.[0]?.address ?? 0n
    if (machine.space.load32(registers, 'little') === EDU.identity) answered++
  }
  print('')
  print(`${functions.length} functions on ${bus.last + 1} buses; ${answered} edu devices answer where their BARs are.`)
  return { functions: functions.length, buses: bus.last + 1, answered }
}

function nameOf(id: number): string {
  return Object.entries(CapabilityId).find(([, value]) => value === id)?.[0] ?? `0x${digits(id, 2)}`
}

function digits(value: number, count: number): string {
  return value.toString(16).padStart(count, '0')
}

if (import.meta.main) main()
