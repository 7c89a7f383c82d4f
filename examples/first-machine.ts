import { GiB, KiB, MiB } from '@hostbridge/core/address'
import { Machine } from '@hostbridge/core/machine'
import { ram } from '@hostbridge/core/memory'
import { ms } from '@hostbridge/core/time'
import { DmaEngine } from '@hostbridge/devices/endpoints'
import { SpaprHostBridge } from '@hostbridge/devices/spapr'
import { Host, Type1Iommu, VfioPciDevice } from '@hostbridge/devices/vfio'

/** A pseries machine whose guest has mapped 512 pages; a VFIO device is hotplugged while it runs, and finds them. */
export function build(print: (line: string) => void = console.log): Machine {
  const host = new Host({ iommu: new Type1Iommu({ pageSizes: [4n * KiB, 2n * MiB] }) })
  const card = host.plug('0000:01:00.0', new DmaEngine())

  const machine = new Machine('pseries')
  machine.map(0n, ram('ram', 4n * GiB))
  const phb = machine.plug(new SpaprHostBridge({ index: 0 }))
  const disk = phb.plug('00:01.0', new DmaEngine())
  for (let page = 0n; page < 512n; page++) phb.window.put(page * 4n * KiB, { to: page * 64n * KiB, access: 'rw' })

  machine.at(5n * ms, () => phb.unplug(disk))
  machine.at(9n * ms, () => {
    const { events, bytes } = phb.plug('00:02.0', new VfioPciDevice(card)).replay
    print(`replayed ${events} mappings, ${bytes} bytes`)
  })
  return machine
}

export function main(
  print: (line: string) => void = console.log,
  watch: (machine: Machine) => void = () => {},
): { now: bigint } {
  const machine = build(print)
  watch(machine)
  machine.run({ until: 10n * ms })
  print(machine.mtree())
  return { now: machine.now }
}

if (import.meta.main) main()
