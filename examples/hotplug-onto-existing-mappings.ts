import { GiB, hex, KiB, MiB } from '@hostbridge/core/address'
import { Machine } from '@hostbridge/core/machine'
import { MemTx, ram } from '@hostbridge/core/memory'
import { ms } from '@hostbridge/core/time'
import { DmaEngine } from '@hostbridge/devices/endpoints'
import { SpaprHostBridge } from '@hostbridge/devices/spapr'
import { Host, Type1Iommu, VfioPciDevice } from '@hostbridge/devices/vfio'

/*
 * The bug of 2015: the guest's driver has mapped its buffers long before a VFIO device is hotplugged onto the same bus.
 * Registering a notifier tells the host's IOMMU of changes only. Without a replay the device works with an empty table.
 */

const IOVA = 0x10_0000n
const BUFFER = 0x4000_0000n
const PAGES = 16n

interface Hotplug {
  readonly machine: Machine
  readonly card: DmaEngine
  /** Filled when the device has been plugged, 1 ms after the mappings were made. */
  readonly replay: { events: number; bytes: bigint }
}

export function build(): Machine {
  return hotplug(true).machine
}

function hotplug(replay: boolean): Hotplug {
  const host = new Host({ iommu: new Type1Iommu({ pageSizes: [4n * KiB, 2n * MiB] }) })
  const card = host.plug('0000:01:00.0', new DmaEngine())
  const machine = new Machine('pseries')
  machine.map(0n, ram('ram', 2n * GiB))
  const phb = machine.plug(new SpaprHostBridge({ index: 0 }))
  for (let page = 0n; page < PAGES; page++) {
    phb.window.put(IOVA + page * 4n * KiB, { to: BUFFER + page * 64n * KiB, access: 'rw' })
  }
  const found = { events: 0, bytes: 0n }
  machine.at(1n * ms, () => {
    const { events, bytes } = phb.plug('00:01.0', new VfioPciDevice(card, { replay })).replay
    Object.assign(found, { events, bytes })
  })
  return { machine, card, replay: found }
}

export function main(
  print: (line: string) => void = console.log,
  watch: (machine: Machine) => void = () => {},
): { without: boolean; with: boolean } {
  print(`The guest maps ${PAGES} pages at IOVA ${hex(IOVA)}; 1 ms later a VFIO device is hotplugged.`)
  const works = (replay: boolean): boolean => {
    const { machine, card, replay: found } = hotplug(replay)
    watch(machine)
    machine.run({ until: 2n * ms })
    const result = card.write(IOVA, Uint8Array.of(0xca, 0xfe))
    const fault = card.faults.last
    print('')
    print(
      `${replay ? 'With' : 'Without'} replay: ${found.events} mappings, ${found.bytes} bytes reached the host's IOMMU.`,
    )
    print(
      result === MemTx.ok
        ? `  The device writes 2 bytes at ${hex(IOVA)}: done.`
        : `  The device writes 2 bytes at ${hex(IOVA)}: fault at IOVA ${hex(fault?.iova ?? 0n)}, ${fault?.reason}.`,
    )
    return result === MemTx.ok
  }
  return { without: works(false), with: works(true) }
}

if (import.meta.main) main()
