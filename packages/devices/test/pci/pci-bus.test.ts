import { HostbridgeError } from '@hostbridge/core'
import { Device, Machine } from '@hostbridge/core/machine'
import { PciBus } from '@hostbridge/devices/pci'
import { describe, expect, it } from 'vitest'
import { busUnderTest, PlainFunction } from './bus-under-test.ts'

describe('a PCI bus', () => {
  it('puts a function into its slot, below the bridge', () => {
    const { machine, bus, bridge, dma } = busUnderTest()

    const nic = bus.plug('00:01.0', new PlainFunction('nic'))

    expect(nic.slot).toMatchObject({ name: 'pci.0 00:01.0', requester: 0x0008, dma, machine })
    expect(nic.path).toBe('bridge/00:01.0')
    expect(bridge.children).toEqual([nic])
    expect(bus.at('00:01.0')).toBe(nic)
  })

  it('lists its functions ascending by address, whatever the order of plugging', () => {
    const { bus } = busUnderTest()
    const names = ['00:1f.0', '00:01.1', '00:01.0', '00:02.0']

    for (const address of names) bus.plug(address, new PlainFunction(address))

    expect(bus.devices.map(({ name }) => name)).toEqual(['00:01.0', '00:01.1', '00:02.0', '00:1f.0'])
  })

  it('frees the slot on unplug, so that it and the function can be plugged again', () => {
    const { bus } = busUnderTest()
    const nic = bus.plug('00:01.0', new PlainFunction('nic'))

    bus.unplug(nic)

    expect([nic.slot, nic.machine, bus.at('00:01.0')]).toEqual([undefined, undefined, undefined])
    bus.plug('00:01.0', new PlainFunction('disk'))
    expect(bus.plug('00:02.0', nic).slot?.name).toBe('pci.0 00:02.0')
  })

  it('frees the slot too when the machine unplugs the function', () => {
    const { machine, bus } = busUnderTest()
    const nic = bus.plug('00:01.0', new PlainFunction('nic'))

    machine.unplug(nic)

    expect([nic.slot, bus.devices]).toEqual([undefined, []])
  })

  it('lets a function attach to the DMA address space while it is plugged in, and leaves nothing when that throws', () => {
    const { machine, bus, bridge, dma } = busUnderTest()
    const listener = { name: 'listener', priority: 0 }
    const events: string[] = []
    machine.events.on('plugged', ({ name }) => events.push(name))
    const card = new PlainFunction('card', (device) => {
      device.slot?.dma.register(listener)
      device.onRelease(() => dma.unregister(listener))
      throw new HostbridgeError('test.refused', 'the host cannot map it')
    })

    expect(() => bus.plug('00:01.0', card)).toThrowError('the host cannot map it')

    expect([card.slot, card.machine, bus.devices, bridge.children]).toEqual([undefined, undefined, [], []])
    expect(machine.memory.listeners).toEqual([])
    expect(events).toEqual([])
    expect(bus.plug('00:01.0', new PlainFunction('other')).slot?.requester).toBe(8)
  })

  it('refuses a slot that is taken, naming both', () => {
    const { bus } = busUnderTest()
    bus.plug('00:01.0', new PlainFunction('nic'))
    const disk = new PlainFunction('disk')

    expect(() => bus.plug('00:01.0', disk)).toThrowError(/'disk' cannot be plugged at pci\.0 00:01\.0: 'nic' is there/)
    expect(disk.slot).toBeUndefined()
  })

  it('refuses a function that is plugged already, naming both places', () => {
    const { bus } = busUnderTest()
    const nic = bus.plug('00:01.0', new PlainFunction('nic'))

    expect(() => bus.plug('00:02.0', nic)).toThrowError(
      /'nic' cannot be plugged at pci\.0 00:02\.0: it is at pci\.0 00:01\.0/,
    )
    expect(nic.slot?.name).toBe('pci.0 00:01.0')
    expect(bus.at('00:02.0')).toBeUndefined()
  })

  it('refuses a function that sits in a machine without a bus, and forgets its slot', () => {
    const { machine, bus } = busUnderTest()
    const stray = machine.plug(new PlainFunction('stray'))

    expect(() => bus.plug('00:01.0', stray)).toThrowError(/'stray' cannot be plugged/)
    expect([stray.slot, bus.at('00:01.0')]).toEqual([undefined, undefined])
  })

  it('refuses addresses of other buses, and functions it does not have', () => {
    const { bus } = busUnderTest()
    const nic = new PlainFunction('nic')

    expect(() => bus.plug('01:01.0', nic)).toThrowError(/pci\.0 is bus 0 of domain 0/)
    expect(() => bus.plug('0001:00:01.0', nic)).toThrowError(/pci\.0 is bus 0 of domain 0/)
    expect(() => bus.unplug(nic)).toThrowError(/'nic' cannot be unplugged from pci\.0: it is nowhere/)
  })

  it('takes a function wherever there is room, and refuses it where there is none, naming both', () => {
    const { bus } = busUnderTest()
    bus.plug('00.0', new PlainFunction('host'))
    bus.plug('01.3', new PlainFunction('part'))

    const names = Array.from(
      { length: 30 },
      (_, index) => bus.plugAnywhere(new PlainFunction(`nic ${index}`)).slot?.name,
    )

    expect([names[0], names[29]]).toEqual(['pci.0 00:02.0', 'pci.0 00:1f.0'])
    expect(() => bus.plugAnywhere(new PlainFunction('late'))).toThrowError(
      /'late' cannot be plugged into pci\.0: all 32 of its devices are taken, the last by 'nic 29'/,
    )
  })

  it('takes nothing while its bridge is in no machine', () => {
    const { dma } = busUnderTest()
    const bridge = new (class extends Device {})('loose')
    const bus = new PciBus({ name: 'pci.1', bridge, dma })

    expect(() => bus.plug('00:01.0', new PlainFunction('nic'))).toThrowError(/'loose' is in no machine/)
    new Machine('other').plug(bridge)
    expect(bus.plug('00:01.0', new PlainFunction('nic')).path).toBe('loose/00:01.0')
  })
})
