import { Device } from '@hostbridge/core/machine'
import { type AddressSpace, ContainerRegion } from '@hostbridge/core/memory'
import {
  type BusIommu,
  DownstreamPort,
  type HostBinding,
  PciBridge,
  PciBus,
  PcieToPciBridge,
  type RequesterPlace,
  RootPort,
  UpstreamPort,
} from '@hostbridge/devices/pci'
import { describe, expect, test } from 'vitest'
import { bridgeScene, Card, number } from './bridge-scene.ts'

/** An IOMMU that says which places it was asked about, as `bus device.function`. */
function namingIommu(machine: ReturnType<typeof bridgeScene>['machine']) {
  const asked: string[] = []
  const bindings: HostBinding[] = []
  const iommu: BusIommu = {
    addressSpaceOf(place): AddressSpace {
      asked.push(nameOf(place))
      return machine.memory.createSpace(`for ${nameOf(place)}`, new ContainerRegion('nothing'))
    },
    setHostDevice: (binding) => void bindings.push(binding),
    unsetHostDevice: (binding) => void bindings.splice(bindings.indexOf(binding), 1),
  }
  return { asked, bindings, iommu }
}

function nameOf({ bus, deviceFunction }: RequesterPlace): string {
  return `${bus.name} ${deviceFunction >>> 3}.${deviceFunction & 7}`
}

function scene(options: { bypassIommu?: boolean } = {}) {
  const machine = bridgeScene().machine
  const { asked, iommu, bindings } = namingIommu(machine)
  class Host extends Device {}
  const bridge = machine.plug(new Host('host'))
  const memory = new ContainerRegion('bus memory')
  machine.memory.createSpace('bus', memory)
  const bus = new PciBus({ name: 'root', bridge, dma: iommu, memory, express: true, ...options })
  return { machine, bus, asked, bindings }
}

describe('where DMA goes', () => {
  test('to system memory where no bus up to the root has an IOMMU (PC-4)', () => {
    const { machine, host } = bridgeScene()
    const port = host.plug('00:01.0', new RootPort())

    expect(port.plug('00.0', new Card()).slot?.dma).toBe(machine.space)
  })

  test('to system memory where the host bridge passes its IOMMU by (PC-4)', () => {
    const { machine, bus, asked } = scene({ bypassIommu: true })
    const port = bus.plug('01.0', new RootPort())

    expect(port.plug('00.0', new Card()).slot?.dma).toBe(machine.space)
    expect(asked).toEqual([])
  })

  test('from behind ports and switches each function is itself (PC-4)', () => {
    const { bus, asked } = scene()
    const port = bus.plug('01.0', new RootPort())
    const upstream = port.plug('00.0', new UpstreamPort())
    const downstream = upstream.plug('05.0', new DownstreamPort())
    number(port, 0, 1, 3)
    number(upstream, 1, 2, 3)
    number(downstream, 2, 3)
    asked.length = 0

    const card = downstream.plug('00.2', new Card())

    expect(asked).toEqual(['downstream-port 0.2'])
    expect(card.slot?.requester).toBe(0x0302)
  })

  test('from behind a PCIe-to-PCI bridge everything is device 0 of the bus behind it (PC-4)', () => {
    const { bus, asked } = scene()
    const bridge = bus.plug('01.0', new PcieToPciBridge())
    number(bridge, 0, 9)
    asked.length = 0

    const card = bridge.plug('03.1', new Card())

    expect(asked).toEqual(['pcie-to-pci-bridge 0.0'])
    expect(card.slot?.requester).toBe(0x0900)
    expect(card.slot?.address).toEqual({ domain: 0, bus: 9, device: 3, function: 1 })
  })

  test('from behind another bridge everything is the bridge, wherever that is (PC-4)', () => {
    const { bus, asked } = scene()
    const outer = bus.plug('01.0', new PcieToPciBridge())
    const inner = outer.plug('02.0', new PciBridge({ name: 'inner' }))
    const alone = bus.plug('04.0', new PciBridge({ name: 'alone' }))
    number(outer, 0, 5, 6)
    number(inner, 5, 6)
    number(alone, 0, 7)
    asked.length = 0

    const first = inner.plug('03.0', new Card('first'))
    const second = alone.plug('03.0', new Card('second'))

    // The inner bridge hides its cards, and the outer one hides the inner one.
    expect(asked).toEqual(['pcie-to-pci-bridge 0.0', 'root 4.0'])
    expect([first.slot?.requester, second.slot?.requester]).toEqual([0x0500, 4 << 3])
  })

  test('the climb stops at a bus with an IOMMU of its own (PC-4)', () => {
    const { machine, bus, asked } = scene()
    const own = namingIommu(machine)
    const pxb = bus.plug('01.0', new Card('pxb'))
    asked.length = 0
    const root = extraRoot(pxb, own.iommu)

    root.plug('02.0', new Card())

    expect([asked, own.asked]).toEqual([[], ['extra 2.0']])
  })

  test('an extra root complex without an IOMMU has none where its bus has one for each, and else that of its bus (PC-4)', () => {
    const { machine, bus, asked } = scene()
    const pxb = bus.plug('01.0', new Card('pxb'))
    asked.length = 0
    const shared = extraRoot(pxb).plug('02.0', new Card())
    const each = namingIommu(machine)
    const perRoot = new PciBus({
      name: 'root 2',
      bridge: bus.bridge,
      dma: each.iommu,
      express: true,
      iommuPerRoot: true,
    })
    const other = perRoot.plug('03.0', new Card('pxb 2'))
    const alone = extraRoot(other).plug('02.0', new Card())

    expect(asked).toEqual(['extra 2.0'])
    expect(shared.slot?.dma).not.toBe(machine.space)
    expect(alone.slot?.dma).toBe(machine.space)
  })

  test('behind a conventional root complex of its own functions ask as that complex, and send as themselves (PC-4)', () => {
    const { machine, bus } = scene()
    const each = namingIommu(machine)
    const options = { name: 'root 2', bridge: bus.bridge, dma: each.iommu, express: true, iommuPerRoot: true }
    const pxb = new PciBus(options).plug('01.0', new Card('pxb'))
    each.asked.length = 0

    const card = extraRoot(pxb, undefined, false).plug('02.0', new Card())

    expect(each.asked).toEqual(['root 2 1.0'])
    expect(card.slot?.requester).toBe(0x8010)
  })

  test('an IOMMU is told of a host device by its real place and by the one it seems to be at (PC-5)', () => {
    const { bus, bindings } = scene()
    const bridge = bus.plug('01.0', new PcieToPciBridge())
    const card = bridge.plug('03.1', new Card())

    const end = card.slot?.bindHost?.({ name: 'host card' })

    const places = bindings.map(({ host, place, alias }) => [host.name, nameOf(place), nameOf(alias)])
    expect(places).toEqual([['host card', 'pcie-to-pci-bridge 3.1', 'pcie-to-pci-bridge 0.0']])
    end?.()
    expect(bindings).toEqual([])
  })
})

function extraRoot(pxb: Card, dma?: BusIommu, express = true): PciBus {
  return new PciBus({
    name: 'extra',
    bridge: pxb,
    express,
    number: () => 0x80,
    ...(dma && { dma }),
    uplink: {
      place: () => ({ bus: (pxb.slot as unknown as RequesterPlace).bus, deviceFunction: 8 }),
      aliasing: express ? 'none' : 'bridge',
      claims: () => false,
      root: true,
    },
  })
}
