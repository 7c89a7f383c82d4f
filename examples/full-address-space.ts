import { ADDRESS_SPACE_SIZE, GiB, hex, KiB, LAST_ADDRESS } from '@hostbridge/core/address'
import { Notifier, NotifierFlag, PageTableIommu } from '@hostbridge/core/iommu'
import { Machine } from '@hostbridge/core/machine'
import { ram } from '@hostbridge/core/memory'

/*
 * A window of exactly 2^64 bytes. Stepping through it page by page takes 2^52 steps, and a loop whose address wraps at the
 * end never ends at all. A replay walks what is mapped: two pages here, the first and the last of the space.
 */

const PAGE = 4n * KiB

export function build(): Machine {
  return compose().machine
}

function compose(): { machine: Machine; iommu: PageTableIommu } {
  const machine = new Machine('full-address-space')
  machine.map(0n, ram('ram', 1n * GiB))
  const iommu = new PageTableIommu({ name: 'iommu', size: ADDRESS_SPACE_SIZE, target: machine.space })
  machine.memory.createSpace('dma', iommu.region)
  iommu.map({ iova: 0n, size: PAGE, to: 0x1000n, access: 'rw' })
  iommu.map({ iova: LAST_ADDRESS - PAGE + 1n, size: PAGE, to: 0x2000n, access: 'r' })
  return { machine, iommu }
}

export function main(
  print: (line: string) => void = console.log,
  watch: (machine: Machine) => void = () => {},
): {
  events: number
  bytes: bigint
  milliseconds: number
} {
  const { machine, iommu } = compose()
  watch(machine)
  print(`The window has ${hex(iommu.region.size)} bytes and two mappings.`)
  const notifier = new Notifier({
    flags: NotifierFlag.map | NotifierFlag.unmap,
    notify: ({ iova, translatedAddress, size }): undefined => {
      print(`  ${hex(iova)} -> ${hex(translatedAddress)}, ${size} bytes`)
    },
  })

  const start = performance.now()
  const { events, bytes } = iommu.registerWithReplay(notifier)
  const milliseconds = performance.now() - start

  print(`Replayed ${events} mappings, ${bytes} bytes, in ${milliseconds.toFixed(1)} ms.`)
  return { events, bytes, milliseconds }
}

if (import.meta.main) main()
