import { fc, test } from '@fast-check/vitest'
import { KiB } from '@hostbridge/core/address'
import { mmio } from '@hostbridge/core/memory'
import { PciDevice } from '@hostbridge/devices/pci'
import { Configure, DrIndicator, EventMask, Indicators, RtasToken } from '@hostbridge/devices/spapr'
import { describe, expect } from 'vitest'
import { BUFFER, firmwareScene, readCells, Status, writeCells } from './firmware-scene.ts'

const AREA = 0x20000n
const LOG = 0x30000n

class Card extends PciDevice {
  constructor(name = 'card') {
    super(name, { vendor: 0x1234, device: 0x5678, classCode: 0x02_0000, interruptPin: 1 })
    const region = mmio(`${name} registers`, 4n * KiB, { read: () => 0, write: () => undefined })
    this.bars.add(0, { kind: 'memory32', region })
  }
}

/** The connector of device and function on host bridge 0. */
const indexOf = (device: number, fn = 0): number => 0x4000_0000 + ((device << 3) | fn)

/** A machine that runs, whose guest works connectors by firmware calls. */
function scene() {
  const { machine, phb, call } = firmwareScene()
  machine.run({ until: 1n })
  const status = (token: number, ...args: number[]): number => (call(token, args, 1).results[0] as number) | 0
  return {
    machine,
    phb,
    call,
    isolate: (index: number, value: 0 | 1): number =>
      status(RtasToken.setIndicator, Indicators.isolation, index, value),
    show: (index: number, value: number): number =>
      status(RtasToken.setIndicator, Indicators.dynamicReconfiguration, index, value),
    sense: (index: number): readonly number[] => call(RtasToken.getSensorState, [9003, index], 2).results,
    /** Everything that `ibm,configure-connector` tells, and its last answer. */
    configure(index: number): { told: string[]; last: number } {
      writeCells(machine.space, AREA, [index, 0])
      const told: string[] = []
      for (let step = 0; step < 64; step++) {
        const last = status(RtasToken.configureConnector, Number(AREA), 0)
        if (last !== Configure.nextChild && last !== Configure.nextProperty) return { told, last }
        const [, , name = 0, length = 0, data = 0] = readCells(machine.space, AREA, 5)
        const text = textAt(machine.space, AREA + BigInt(name))
        if (last === Configure.nextChild) told.push(`node ${text}`)
        else
          told.push(
            `${text} ${readCells(machine.space, AREA + BigInt(data), length / 4).map((cell) => cell.toString(16))}`,
          )
      }
      throw new Error('the node does not end')
    },
    /** The next event, as `add index`. */
    event(mask: number = EventMask.hotplug, length = 1024): string | number {
      const answer = status(RtasToken.checkException, 0x500, 0, mask, 0, Number(LOG), length)
      if (answer !== 0) return answer
      const words = readCells(machine.space, LOG, 28)
      const action = ((words[26] as number) >>> 16) & 0xff
      return `${action === 1 ? 'add' : 'remove'} ${(words[27] as number).toString(16)}`
    },
  }
}

function textAt(space: ReturnType<typeof firmwareScene>['machine']['space'], address: bigint): string {
  const bytes = new Uint8Array(64)
  space.read(address, bytes)
  return String.fromCharCode(...bytes.subarray(0, bytes.indexOf(0)))
}

describe('a dynamic reconfiguration connector', () => {
  test('a function that comes is told to the guest, who takes it in (LoPAR, "Dynamic Reconfiguration")', () => {
    const { phb, event, sense, isolate, show, configure } = scene()
    const before = sense(indexOf(3))

    phb.plug('00:03.0', new Card())
    const raised = phb.hotplug.raised
    const events = [event(), event()]
    const early = configure(indexOf(3)).last
    const steps = [isolate(indexOf(3), 1), show(indexOf(3), DrIndicator.active)]
    const { told, last } = configure(indexOf(3))

    expect([before, sense(indexOf(3))]).toEqual([
      [0, 0],
      [0, 1],
    ])
    expect([raised, events, phb.hotplug.raised]).toEqual([true, ['add 40000018', 1], false])
    expect([early, steps, last]).toEqual([Configure.notConfigurable, [0, 0], Configure.done])
    expect(phb.connectors?.at(0x18).state).toBe('configured')
    expect(told).toMatchInlineSnapshot(`
      [
        "node pci1234,5678@3",
        "vendor-id 1234",
        "device-id 5678",
        "revision-id 0",
        "class-code 20000",
        "interrupts 1",
        "subsystem-id 1100",
        "subsystem-vendor-id 1af4",
        "#address-cells 3",
        "#size-cells 2",
        "ibm,my-drc-index 40000018",
        "ibm,pci-config-space-type 0",
        "reg 1800,0,0,0,0,2001810,0,0,0,1000",
      ]
    `)
  })

  test('a function that is to leave is told to the guest, and goes when that isolates it', () => {
    const { machine, phb, event, isolate, configure } = scene()
    const card = phb.plug('00:03.0', new Card())
    event()
    isolate(indexOf(3), 1)
    configure(indexOf(3))

    const wish = machine.requestUnplug(card)
    machine.requestUnplug(card)
    const events = [event(), event(), wish.status]
    const answer = isolate(indexOf(3), 0)

    expect(events).toEqual(['remove 40000018', 1, 'waiting'])
    expect([answer, wish.status, card.machine]).toEqual([0, 'gone', undefined])
    expect(phb.connectors?.at(0x18).save()).toMatchObject({ state: 'isolated', leaving: false })
  })

  test('a function that the guest has not taken in goes at once, and is told no more', () => {
    const { machine, phb, event } = scene()
    const card = phb.plug('00:03.0', new Card())

    expect(machine.requestUnplug(card).status).toBe('gone')
    expect([event(), phb.hotplug.raised]).toEqual([1, false])
  })

  test('isolating a function that nobody wishes to leave keeps it', () => {
    const { phb, isolate, configure } = scene()
    const card = phb.plug('00:03.0', new Card())
    isolate(indexOf(3), 1)
    configure(indexOf(3))

    expect([isolate(indexOf(3), 0), card.machine === undefined]).toEqual([0, false])
    expect(isolate(indexOf(3), 0)).toBe(0)
  })

  test('functions of a device are told when function 0 comes, and leave with it', () => {
    const { machine, phb, event, isolate, configure } = scene()
    const second = phb.plug('00:03.1', new Card('second'))
    const alone = event()
    const first = phb.plug('00:03.0', new Card('first'))
    const added = [event(), event(), event()]
    for (const fn of [0, 1]) {
      isolate(indexOf(3, fn), 1)
      configure(indexOf(3, fn))
    }

    const refused = machine.requestUnplug(first)
    machine.requestUnplug(second)
    const silent = event()
    machine.requestUnplug(first)
    const removed = [event(), event(), event()]

    expect([alone, added]).toEqual([1, ['add 40000018', 'add 40000019', 1]])
    expect([refused.status, refused.reason]).toEqual([
      'refused',
      "'second' is still there: wish for functions other than 0 first",
    ])
    expect([silent, removed]).toEqual([1, ['remove 40000019', 'remove 40000018', 1]])
  })

  test('function 0 that the guest has not taken in goes at once, and the guest is told of those beside it', () => {
    const { machine, phb, event, isolate, configure } = scene()
    const second = phb.plug('00:03.1', new Card('second'))
    const first = phb.plug('00:03.0', new Card('first'))
    event()
    event()
    isolate(indexOf(3, 1), 1)
    configure(indexOf(3, 1))

    const wishes = [second, first].map((card) => machine.requestUnplug(card).status)
    const events = [event(), event()]
    isolate(indexOf(3, 1), 0)

    expect([wishes, events, second.machine]).toEqual([['waiting', 'gone'], ['remove 40000019', 1], undefined])
  })

  test('a function that was composed is the guest’s from the beginning, as after a reset', () => {
    const { machine, phb } = firmwareScene()
    const card = phb.plug('00:01.0', new Card())
    const composed = phb.connectors?.at(8).save()

    machine.reset()

    expect(composed).toMatchObject({ state: 'configured', indicator: DrIndicator.active })
    expect(phb.connectors?.at(8).save()).toEqual(composed)
    expect(machine.requestUnplug(card).status).toBe('waiting')
    machine.reset()
    expect(card.machine).toBeUndefined()
  })

  test('answers what is wrong with an error, and changes nothing', () => {
    const { phb, call, isolate, show, sense, configure } = scene()
    phb.plug('00:03.0', new Card())
    const parameter = -3

    expect([isolate(indexOf(4), 1), isolate(0x4001_0018, 1), isolate(0x1000_0018, 1)]).toEqual(Array(3).fill(parameter))
    expect([isolate(indexOf(3), 2 as 1), show(indexOf(3), 4), show(0x4fff_ffff, 0)]).toEqual(Array(3).fill(parameter))
    expect(call(RtasToken.setIndicator, [Indicators.allocation, indexOf(3), 1], 1).results).toEqual([Status.parameter])
    expect(call(RtasToken.setIndicator, [Indicators.isolation, indexOf(3)], 1).results).toEqual([Status.parameter])
    expect(call(RtasToken.getSensorState, [9001, indexOf(3)], 2).results).toEqual([Status.parameter])
    expect([sense(0), configure(0).last]).toEqual([[Status.parameter], parameter])
    expect([isolate(indexOf(3), 1), isolate(indexOf(3), 0)]).toEqual([0, parameter])
    expect(phb.connectors?.at(0x18).state).toBe('unisolated')
  })

  test('event-scan finds nothing, and check-exception only what it is asked for', () => {
    const { phb, call, event } = scene()
    phb.plug('00:03.0', new Card())

    expect(call(RtasToken.eventScan, [EventMask.hotplug, 0, 0, 0], 1).results).toEqual([1])
    expect(call(RtasToken.checkException, [0, 0, EventMask.hotplug], 1).results).toEqual([Status.parameter])
    expect([event(0x4000_0000), event(EventMask.hotplug, 0)]).toEqual([1, expect.anything()])
    expect(event()).toBe(1)
  })

  test('the log of an event has the sections that a guest looks for (LoPAR, "RTAS Event Log Format")', () => {
    const { machine, phb, event } = scene()
    phb.plug('00:03.0', new Card())
    event()

    const words = readCells(machine.space, LOG, 28).map((cell) => cell.toString(16))

    expect([words[0], words[1], words[5]]).toEqual(['63460e5', '68', '49424d00'])
    expect([words[6], words[18], words[24]]).toEqual(['50480030', '55480018', '48500010'])
    expect(words.slice(26)).toEqual(['5010200', '40000018'])
  })

  test('a bridge without connectors lets functions come and go as they like', () => {
    const { machine, phb } = firmwareScene({ connectors: false })

    expect(machine.requestUnplug(phb.plug('00:03.0', new Card())).status).toBe('gone')
    expect(phb.connectors).toBeUndefined()
  })

  test('connectors and events come back with a saved machine', () => {
    const saved = scene()
    saved.phb.plug('00:03.0', new Card())
    saved.isolate(indexOf(3), 1)
    const other = scene()
    other.phb.plug('00:03.0', new Card())
    other.event()

    other.machine.restore(saved.machine.save())

    expect(other.machine.save()).toEqual(saved.machine.save())
    expect([other.event(), other.configure(indexOf(3)).last]).toEqual(['add 40000018', 0])
  })

  test.prop(
    [
      fc.array(
        fc.tuple(
          fc.constantFrom(0x200e, 0x200f, 0x201a, 0x201d, 0x201e),
          fc.array(
            fc.oneof(
              fc.constantFrom(9001, 9002, 9003, 0x4000_0018, 0x2_0000, 0x1000_0000),
              fc.integer({ min: 0, max: 0xffff_ffff }),
            ),
            { maxLength: 7 },
          ),
          fc.nat(3),
        ),
        { maxLength: 30 },
      ),
    ],
    { numRuns: 60 },
  )('whatever a guest calls, nothing throws and no function goes that nobody wishes to leave', (calls) => {
    const { machine, phb, call } = scene()
    const card = phb.plug('00:03.0', new Card())

    for (const [token, args, results] of calls) call(token, args, results)

    expect(card.machine).toBe(machine)
    expect(BUFFER).toBeLessThan(AREA)
  })
})
