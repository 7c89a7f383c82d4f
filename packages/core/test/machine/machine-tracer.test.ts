import { expect, test } from 'vitest'
import { KiB } from '../../src/address/units.ts'
import { PageTableIommu } from '../../src/iommu/page-table-iommu.ts'
import { Device } from '../../src/machine/device.ts'
import { Machine } from '../../src/machine/machine.ts'
import { traceMachine } from '../../src/machine/machine-tracer.ts'
import type { AddressSpace } from '../../src/memory/address-space.ts'
import { AliasRegion } from '../../src/memory/alias-region.ts'
import { ContainerRegion } from '../../src/memory/container-region.ts'
import { mmio } from '../../src/memory/mmio-region.ts'
import type { SimEvent } from '../../src/time/event.ts'
import { Trace } from '../../src/trace/trace.ts'
import { formatTrace } from '../../src/trace/trace-text.ts'
import { Recorder } from './recorder.ts'

function registers(name: string) {
  return mmio(name, 4n * KiB, { read: () => 1, write: () => {} })
}

test('accesses to registers, lines and mappings are taken down, of what comes later too, until the trace ends', () => {
  const machine = new Machine('pc')
  machine.map(0n, registers('uart'))
  const iommu = new PageTableIommu({ name: 'iommu', size: 0x1_0000n, target: machine.space })
  machine.memory.createSpace('dma', iommu.region)
  const trace = new Trace()
  const end = traceMachine(machine, trace)

  machine.space.read(8n, new Uint8Array(4))
  machine.map(0x1000n, registers('late'))
  machine.space.write(0x1002n, Uint8Array.of(1, 2))
  iommu.map({ iova: 0x2000n, size: 0x1000n, to: 0n, access: 'rw' })
  machine.plug(new Recorder('card')).line.pulse()
  end()
  machine.space.read(8n, new Uint8Array(4))
  iommu.unmap({ iova: 0x2000n, size: 0x1000n })

  expect([...formatTrace(trace)].join('\n')).toMatchInlineSnapshot(`
    "           0 access    uart read region=uart offset=0x8 bytes=4
               0 access    late write region=late offset=0x2 bytes=2
               0 iommu     iommu map iommu=iommu iova=0x2000 bytes=4096
               0 life      card plugged
               0 interrupt card inta raised=true
               0 interrupt card inta raised=false"
  `)
})

test('a machine has one trace at a time', () => {
  const machine = new Machine('pc')
  const [first, second] = [new Trace(), new Trace()]
  const end = traceMachine(machine, first)

  expect(() => traceMachine(machine, second)).toThrow("machine 'pc' has a trace already")
  end()
  traceMachine(machine, second)
  machine.at(1n, () => {})
  machine.run()

  expect([first.length, second.length]).toEqual([0, 1])
})

/** Maps registers when it is plugged, has a bus of its own, and ticks. */
class Card extends Device {
  readonly tick: SimEvent = this.event('tick', () => {})
  readonly alarm: SimEvent = this.event('alarm', () => {}, { name: 'fire' })
  bus: AddressSpace | undefined

  protected override onPlug(machine: Machine): void {
    machine.map(BigInt(this.name.length) * 0x1000n, registers('card-registers'))
    const root = new ContainerRegion('card-bus').ownedBy(this)
    const bus = machine.memory.createSpace('card-bus', root)
    this.bus = bus
    this.onRelease(() => machine.memory.destroySpace(bus))
  }
}

test('what happens to what a device owns stands under its path, so that a filter for devices finds it', () => {
  const machine = new Machine('pc')
  const slot = machine.plug(new Recorder('slot'))
  const trace = new Trace({ devices: ['slot/*'] })
  traceMachine(machine, trace)
  const card = machine.plug(new Card('card'), { parent: slot })
  const other = machine.plug(new Card('card 2'), { parent: slot, at: 'second' })
  const beat = machine.event('beat', () => {})

  machine.space.read(0x4008n, new Uint8Array(4))
  for (const event of [card.tick, card.alarm, other.tick, beat]) machine.queue.schedule(event, 5)
  machine.run()
  const late = new PageTableIommu({ name: 'late', size: 0x1_0000n, target: machine.space })
  const root = card.bus?.root as ContainerRegion
  root.add(late.region, 0n)
  root.add(registers('late-registers'), 0x1_0000n)
  late.map({ iova: 0n, size: 0x1000n, to: 0n, access: 'r' })
  card.bus?.write(0x1_0000n, Uint8Array.of(1))
  machine.unplug(card)

  expect([...formatTrace(trace)].join('\n')).toMatchInlineSnapshot(`
    "           0 life      slot/card plugged
               0 life      slot/second plugged
               0 access    slot/card read region=card-registers offset=0x8 bytes=4
               5 event     slot/card card tick
               5 event     slot/card fire
               5 event     slot/second card 2 tick
               5 iommu     slot/card map iommu=late iova=0x0 bytes=4096
               5 access    slot/card write region=late-registers offset=0x0 bytes=1
               5 life      slot/card unplugged"
  `)
})

test('regions of a space that is made later, and behind aliases of aliases, are traced', () => {
  const machine = new Machine('pc')
  const trace = new Trace({ categories: ['access'] })
  const deep = new AliasRegion('outer', new AliasRegion('inner', registers('deep')))
  deep.setEnabled(false)
  machine.map(0n, deep)
  const bus = new ContainerRegion('bus', 0x1000n)
  bus.add(registers('behind'), 0n)
  machine.map(0x1_0000n, new AliasRegion('window', bus))
  traceMachine(machine, trace)

  machine.space.read(0x1_0000n, new Uint8Array(4))
  const late = machine.memory.createSpace('late', registers('alone'))
  late.read(0n, new Uint8Array(1))
  deep.setEnabled(true)
  machine.space.read(4n, new Uint8Array(4))

  expect(Array.from(trace, ({ device }) => device)).toEqual(['behind', 'alone', 'deep'])
})
