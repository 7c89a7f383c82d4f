import {
  BusConfigAccess,
  type ConfigAccess,
  type FoundBus,
  findFunctions,
  formatRoutingId,
  functionsOf,
  PciBridge,
  Type1,
} from '@hostbridge/devices/pci'
import { describe, expect, it } from 'vitest'
import { ecamWorld, NumberedCard } from './firmware-world.ts'

function build() {
  const { bus } = ecamWorld()
  return { bus, access: new BusConfigAccess(bus) }
}

function addresses(bus: FoundBus): string[] {
  return [...functionsOf(bus)].map(({ address }) => formatRoutingId(address))
}

describe('finding functions', () => {
  it('tells vendor, device and class of each', () => {
    const { access, bus } = build()
    bus.plug('1f.0', new NumberedCard(5))

    const found = findFunctions(access)

    expect(found).toEqual({
      number: 0,
      last: 0,
      functions: [{ address: 0xf8, vendor: 0x1b36, device: 5, classCode: 0x02_0000, bridge: false, behind: undefined }],
    })
  })

  it('looks for functions 1 to 7 where function 0 says that there are several, and nowhere else', () => {
    const { access, bus } = build()
    for (const at of ['01.0', '01.3', '01.7', '02.5', '03.0']) bus.plug(at, new NumberedCard(1))
    let reads = 0
    const counting: ConfigAccess = {
      read: (address, offset, size) => {
        reads++
        return access.read(address, offset, size)
      },
      write: () => {},
    }

    const found = findFunctions(counting)

    expect(addresses(found)).toEqual(['00:01.0', '00:01.3', '00:01.7', '00:03.0'])
    expect(reads).toBe(4 * 3 + 5 + 30)
  })

  it('numbers the buses behind bridges depth first, each bridge with the range behind it', () => {
    const { access, bus } = build()
    const first = bus.plug('01.0', new PciBridge({ name: 'first' }))
    const inner = first.plug('02.0', new PciBridge({ name: 'inner' }))
    inner.plug('03.0', new NumberedCard(1))
    const last = bus.plug('04.0', new PciBridge({ name: 'last' }))
    last.plug('05.0', new NumberedCard(2))

    const found = findFunctions(access)

    expect(addresses(found)).toEqual(['00:01.0', '01:02.0', '02:03.0', '00:04.0', '03:05.0'])
    const numbers = [first, inner, last].map(({ config }) => config.read(Type1.primaryBus.offset, 4) & 0xff_ffff)
    expect(numbers).toEqual([0x02_01_00, 0x02_02_01, 0x03_03_00])
    expect([found.last, found.functions[0]?.behind?.last]).toEqual([3, 2])
  })

  it('can keep the numbers that bridges have, and goes round in none of their loops', () => {
    const { access, bus } = build()
    const [first, second] = ['first', 'second'].map((name, index) => bus.plug(`0${index}.0`, new PciBridge({ name })))
    first?.plug('00.0', new PciBridge({ name: 'inner' })).config.write(Type1.primaryBus.offset, 4, 0x09_00_09)
    first?.config.write(Type1.primaryBus.offset, 4, 0x09_09_00)
    second?.config.write(Type1.primaryBus.offset, 4, 0x09_09_00)

    const found = findFunctions(access, { keepNumbers: true })

    expect(addresses(found)).toEqual(['00:00.0', '09:00.0', '00:01.0'])
    expect(second?.config.read(Type1.primaryBus.offset, 4)).toBe(0x09_09_00)
  })

  it('begins with the bus that it is told to', () => {
    const { access, bus } = build()
    const bridge = bus.plug('00.0', new PciBridge())
    bridge.plug('02.0', new PciBridge({ name: 'inner' }))
    bridge.config.write(Type1.primaryBus.offset, 4, 0xff_40_00)

    const found = findFunctions(access, { firstBus: 0x40 })

    expect([found.number, found.last, addresses(found)]).toEqual([0x40, 0x41, ['40:02.0']])
  })

  it('names the bridge that gets no number, and who has the last one', () => {
    const { access, bus } = build()
    bus.plug('01.0', new PciBridge({ name: 'first' })).plug('02.0', new PciBridge({ name: 'inner' }))
    bus.plug('03.0', new PciBridge({ name: 'last' }))

    expect(() => findFunctions(access, { lastBus: 2 })).toThrowError(
      'the bridge at 00:03.0 cannot have a bus number: the last one, 2, belongs to the bridge at 01:02.0',
    )
    expect(() => findFunctions(access, { lastBus: 0 })).toThrowError(/the last one, 0, belongs to the host bridge/)
    expect(findFunctions(access, { lastBus: 3 }).last).toBe(3)
  })
})
