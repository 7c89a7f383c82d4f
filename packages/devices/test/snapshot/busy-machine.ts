import { KiB, MiB } from '@hostbridge/core/address'
import { Machine } from '@hostbridge/core/machine'
import { ram } from '@hostbridge/core/memory'
import type { SimEvent } from '@hostbridge/core/time'
import { DmaEngine } from '@hostbridge/devices/endpoints'
import { SpaprHostBridge } from '@hostbridge/devices/spapr'
import { Host, Type1Iommu, VfioPciDevice } from '@hostbridge/devices/vfio'

export interface BusyMachine {
  readonly machine: Machine
  readonly phb: SpaprHostBridge
  readonly host: Host
  /** Plugs, into a machine that has it not, what sits at a path while the scenario runs. */
  replug(path: string): void
}

const PAGE = 4n * KiB
const BEATS = 12n

/**
 * A guest that maps, unmaps, moves bytes and makes mistakes, with a disk that is plugged at first and leaves, and a card that is
 * passed through while it runs. What happens depends on the time alone, so that it can be composed anew at any.
 */
export function busyMachine(): BusyMachine {
  const host = new Host({ iommu: new Type1Iommu({ pageSizes: [4n * KiB, 2n * MiB] }) })
  const cards = [
    host.plug('0000:01:00.0', new DmaEngine()),
    host.plug('0000:02:00.0', new DmaEngine({ latency: 900n })),
  ]
  const machine = new Machine('pseries')
  machine.map(0n, ram('ram', 16n * MiB))
  const phb = machine.plug(new SpaprHostBridge({ index: 0 }))
  const disk = phb.plug('00:01.0', new DmaEngine({ name: 'disk', latency: 1500n }))
  for (let page = 0n; page < 8n; page++) phb.window.put(page * PAGE, { to: page * 64n * KiB, access: 'rw' })

  const pass = (card: number): VfioPciDevice => {
    return phb.plug(`00:0${card + 2}.0`, new VfioPciDevice(cards[card] as DmaEngine))
  }
  const engines = (): DmaEngine[] => {
    return phb.bus.devices.flatMap((device) => {
      const engine = device instanceof VfioPciDevice ? device.card : device
      return engine instanceof DmaEngine ? [engine] : []
    })
  }
  const beat: SimEvent = machine.event('beat', () => {
    const { now } = machine
    const step = now / 1000n
    phb.window.put((step % 16n) * PAGE, { to: ((step * 7n) % 64n) * 64n * KiB, access: step % 3n === 0n ? 'r' : 'rw' })
    if (step % 4n === 3n) phb.window.unput(((step - 2n) % 16n) * PAGE)
    for (const [index, engine] of engines().entries()) {
      const bytes = Uint8Array.from({ length: 24 }, (_, at) => Number(step) * 16 + index + at)
      engine.start({ direction: step % 5n === 4n ? 'read' : 'write', iova: ((step * 3n) % 18n) * PAGE + 8n, bytes })
      if (step % 2n === 1n) engine.acknowledge()
    }
    if (step < BEATS) machine.queue.schedule(beat, Number(now) + 1000)
  })
  machine.queue.schedule(beat, 0)
  machine.at(2_000n, () => pass(0), { name: 'hotplug' })
  machine.at(4_500n, () => phb.unplug(disk), { name: 'hotunplug' })
  machine.at(6_000n, () => pass(1), { name: 'second hotplug' })
  machine.at(8_000n, () =>
    phb.createWindow({ pageShift: 16, windowShift: 20 }).put(0x800000000000000n, { to: 0n, access: 'rw' }),
  )
  machine.at(9_500n, () => machine.reset(), { name: 'reset' })
  return {
    machine,
    phb,
    host,
    replug: (path) => {
      const card = ['phb0/00:02.0', 'phb0/00:03.0'].indexOf(path)
      if (card >= 0) pass(card)
    },
  }
}
