import { GiB, KiB, MiB } from '@hostbridge/core/address'
import { Machine } from '@hostbridge/core/machine'
import { MappingRefusedError, ram } from '@hostbridge/core/memory'
import { DmaEngine } from '@hostbridge/devices/endpoints'
import { SpaprHostBridge } from '@hostbridge/devices/spapr'
import { Host, Type1Iommu, VfioPciDevice } from '@hostbridge/devices/vfio'

/*
 * The guest maps 4 KiB pages, the host's IOMMU knows no page below 64 KiB. Such a mapping cannot be made without giving the
 * device 60 KiB that the guest did not give. It is refused: the device is not plugged, and the error names every run.
 */

interface Parts {
  readonly machine: Machine
  readonly phb: SpaprHostBridge
  readonly host: Host
  readonly card: DmaEngine
}

export function build(): Machine {
  return compose().machine
}

function compose(): Parts {
  const host = new Host({ iommu: new Type1Iommu({ pageSizes: [64n * KiB, 16n * MiB] }) })
  const card = host.plug('0000:01:00.0', new DmaEngine())
  const machine = new Machine('pseries')
  machine.map(0n, ram('ram', 1n * GiB))
  const phb = machine.plug(new SpaprHostBridge({ index: 0 }))
  phb.window.put(0x1000n, { to: 0x20_0000n, access: 'rw' })
  phb.window.put(0x8000n, { to: 0x30_0000n, access: 'r' })
  return { machine, phb, host, card }
}

export function main(
  print: (line: string) => void = console.log,
  watch: (machine: Machine) => void = () => {},
): { refused: number; entries: number } {
  const { machine, phb, host, card } = compose()
  watch(machine)
  const device = new VfioPciDevice(card)
  try {
    phb.plug('00:01.0', device)
  } catch (error) {
    if (!(error instanceof MappingRefusedError)) throw error
    print(error.message)
    print('')
    print(
      `The device is ${device.machine === undefined ? 'not plugged' : 'plugged'}, and the host's IOMMU holds ${host.entries} entries.`,
    )
    return { refused: error.refused.length, entries: host.entries }
  }
  throw new Error('the host has taken a mapping that it cannot represent')
}

if (import.meta.main) main()
