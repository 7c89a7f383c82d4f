import { KiB, MiB } from '@hostbridge/core/address'
import { Machine } from '@hostbridge/core/machine'
import { alias, ContainerRegion, type MemTxAttrs, mmio, ram } from '@hostbridge/core/memory'
import { IommuTestdev, IommuTestdevDevice, IommuTestdevResult } from '@hostbridge/devices/endpoints'
import { Command, Header, PciBus } from '@hostbridge/devices/pci'
import { SpaprHostBridge } from '@hostbridge/devices/spapr'
import { describe, expect, test } from 'vitest'
import { type EndpointScene, endpointScene, RAM, RAM_SIZE, setUp } from './endpoint-scene.ts'

const PATTERN = [0x78, 0x56, 0x34, 0x12]

interface Request {
  readonly iova?: bigint
  readonly physical?: bigint
  readonly length?: number
  readonly attributes?: number
}

function scene(): EndpointScene<IommuTestdevDevice> {
  return endpointScene(new IommuTestdevDevice())
}

/** Steps 2 and 3 of the document's flow: configures a transfer and arms it. */
function arm(poke: EndpointScene<IommuTestdevDevice>['poke'], request: Request = {}): void {
  const { iova = RAM + 0x100n, physical = 0x100n, length = 10, attributes = 0x2 } = request
  poke(IommuTestdev.iovaLow, iova & 0xffff_ffffn)
  poke(IommuTestdev.iovaHigh, iova >> 32n)
  poke(IommuTestdev.physicalLow, physical & 0xffff_ffffn)
  poke(IommuTestdev.physicalHigh, physical >> 32n)
  poke(IommuTestdev.length, length)
  poke(IommuTestdev.attributes, attributes)
  poke(IommuTestdev.doorbell, 1)
}

/** Steps 3 to 5: arms, triggers, and returns the result. */
function run({ peek, poke }: EndpointScene<IommuTestdevDevice>, request: Request = {}): number {
  arm(poke, request)
  peek(IommuTestdev.trigger)
  return Number(peek(IommuTestdev.result))
}

describe('iommu-testdev, “Device Interface”', () => {
  test('is 1b36:0005 with one BAR of 4 KiB and no interrupts', () => {
    const { device } = scene()

    expect([device.config.get(Header.vendor), device.config.get(Header.device)]).toEqual([0x1b36, 0x0005])
    expect([...device.bars.all].map(([index, { kind, size }]) => [index, kind, size])).toEqual([[0, 'memory32', 4096n]])
    expect([device.config.get(Header.interruptPin), device.capabilities.entries]).toEqual([0, []])
  })

  test('after a reset nothing is armed, the result is idle and the space non-secure', () => {
    const { peek } = scene()

    const registers = Array.from({ length: 10 }, (_, index) => (index === 0 ? 0n : peek(4 * index)))

    expect(registers).toEqual([0n, 0n, 0n, 0n, 0xffff_ffffn, 0n, 2n, 0n, 0n, 0n])
  })

  test.each([
    ['DMA_GVA_LO (0x04)', 0x04],
    ['DMA_GVA_HI (0x08)', 0x08],
    ['DMA_LEN (0x0c)', 0x0c],
    ['DMA_RESULT (0x10)', 0x10],
    ['DMA_ATTRS (0x18)', 0x18],
    ['DMA_GPA_LO (0x1c)', 0x1c],
    ['DMA_GPA_HI (0x20)', 0x20],
  ])('ITD_REG_%s is kept, and no other register changes with it', (_, register) => {
    const { peek, poke } = scene()
    const others = [4, 8, 12, 16, 24, 28, 32].filter((offset) => offset !== register)
    const before = others.map((offset) => peek(offset))

    poke(register, 0xdead_beef)

    expect(peek(register)).toBe(0xdead_beefn)
    expect(others.map((offset) => peek(offset))).toEqual(before)
  })

  test('registers are 32 bits wide, and take no other accesses', () => {
    const { peek, poke } = scene()

    expect([peek(IommuTestdev.length, 2), poke(IommuTestdev.length, 1, 1)]).toEqual(['~2', 2])
    expect([peek(0x24), poke(0xffc, 7), peek(0xffc)]).toEqual([0n, 0, 0n])
  })
})

describe('iommu-testdev, “DMA Operation Flow”', () => {
  test('arming sets the result to BUSY and moves nothing', () => {
    const { peek, poke, memory } = scene()

    arm(poke)

    expect(peek(IommuTestdev.result)).toBe(0xffff_fffen)
    expect([...memory(0x100, 4)]).toEqual([0, 0, 0, 0])
    expect(peek(IommuTestdev.doorbell)).toBe(0n)
  })

  test('reading the trigger writes the pattern through the IOMMU and finds it at the physical address', () => {
    const testdev = scene()

    const result = run(testdev, { length: 10 })

    expect(result).toBe(IommuTestdevResult.success)
    expect([...testdev.memory(0xff, 12)]).toEqual([0, ...PATTERN, ...PATTERN, 0x78, 0x56, 0])
  })

  test('reading the trigger answers 0 and consumes the request, so that the next one is not armed', () => {
    const testdev = scene()
    run(testdev)

    const answer = testdev.peek(IommuTestdev.trigger)

    expect([answer, testdev.peek(IommuTestdev.result)]).toEqual([0n, 0xdead_0005n])
  })

  test('an error consumes the request too', () => {
    const testdev = scene()

    expect(run(testdev, { length: 0 })).toBe(IommuTestdevResult.badLength)
    testdev.peek(IommuTestdev.trigger)

    expect(testdev.peek(IommuTestdev.result)).toBe(BigInt(IommuTestdevResult.notArmed))
  })

  test('a doorbell with bit 0 clear disarms and sets the result to IDLE', () => {
    const { peek, poke } = scene()
    arm(poke)

    poke(IommuTestdev.doorbell, 0xffff_fffe)
    expect(peek(IommuTestdev.result)).toBe(0xffff_ffffn)
    peek(IommuTestdev.trigger)

    expect(peek(IommuTestdev.result)).toBe(0xdead_0005n)
  })

  test('arming latches nothing: values are sampled when the trigger is read', () => {
    const { peek, poke, memory } = scene()
    arm(poke)

    poke(IommuTestdev.iovaLow, RAM + 0x300n)
    poke(IommuTestdev.physicalLow, 0x300)
    poke(IommuTestdev.length, 4)
    peek(IommuTestdev.trigger)

    expect(peek(IommuTestdev.result)).toBe(0n)
    expect([...memory(0x100, 4), ...memory(0x300, 4)]).toEqual([0, 0, 0, 0, ...PATTERN])
  })

  test.each([
    ['BAD_LEN', 0xdead_0001, { length: 0 }],
    ['BAD_LEN', 0xdead_0001, { length: 0x10_0001 }],
    ['BAD_LEN', 0xdead_0001, { length: 0xffff_ffff }],
    ['TX_FAIL', 0xdead_0002, { iova: 0x5000n }],
    ['TX_FAIL', 0xdead_0002, { iova: RAM + RAM_SIZE - 1n }],
    ['TX_FAIL', 0xdead_0002, { iova: 0x1_0000_0000n + RAM }],
    ['RD_FAIL', 0xdead_0003, { physical: 0x2_0000n }],
    ['RD_FAIL', 0xdead_0003, { physical: 0x1_0000_0100n }],
    ['MISMATCH', 0xdead_0004, { physical: 0x101n }],
    ['MISMATCH', 0xdead_0004, { physical: 0x200n, length: 1 }],
    ['BAD_ATTRS', 0xdead_0006, { attributes: 0x8 }],
    ['BAD_ATTRS', 0xdead_0006, { attributes: 0xb }],
  ] as const)('the result is %s (%i) for %o', (_, code, request) => {
    expect(run(scene(), request)).toBe(code)
  })

  test('the last byte counts', () => {
    const testdev = scene()
    testdev.fill(0x100, [...PATTERN, ...PATTERN, 0x78])

    const result = run(testdev, { iova: RAM + 0x800n, length: 10 })

    expect(result).toBe(IommuTestdevResult.mismatch)
  })

  test('what it may move at once can be set', () => {
    const testdev = endpointScene(new IommuTestdevDevice({ longest: 8 }))

    expect([run(testdev, { length: 8 }), run(testdev, { length: 9 })]).toEqual([0, 0xdead_0001])
  })

  test.each([
    ['0x0: the space is ignored, non-secure', 0x0, { secure: false, space: 1 }],
    ['0x1: secure, the space is ignored', 0x1, { secure: true, space: 1 }],
    ['0x9: secure in the secure space', 0x9, { secure: true, space: 0 }],
    ['0xa: non-secure in the non-secure space', 0xa, { secure: false, space: 1 }],
    ['0xc: space 2 says nothing about secure', 0xc, { secure: false, space: 2 }],
    ['0xf: space 3 says nothing about secure', 0xf, { secure: true, space: 3 }],
    ['0xfffffff0: other bits are reserved', 0xffff_fff0, { secure: false, space: 1 }],
  ])('attributes travel with both accesses; %s', (_, attributes, expected) => {
    const seen: MemTxAttrs[] = []
    const read: MemTxAttrs[] = []
    const machine = new Machine('m')
    const target = mmio('target', 4n * KiB, {
      read: (_offset, _size, { attrs }) => {
        read.push(attrs)
        return 0x78
      },
      write: (_offset, _value, _size, { attrs }) => void seen.push(attrs),
    })
    const dma = new ContainerRegion('dma')
    dma.add(target, 0n)
    machine.map(0n, alias('target for the CPU', target))
    const pci = new ContainerRegion('pci')
    const space = machine.memory.createSpace('pci', pci)
    const bridge = machine.plug(new SpaprHostBridge({ index: 0 }))
    const bus = new PciBus({ name: 'pci.0', bridge, dma: machine.memory.createSpace('dma', dma), memory: pci })
    setUp(bus.plug('05.0', new IommuTestdevDevice()))
    const poke = (offset: number, value: number | bigint): number => {
      return space.write(0x8000_0000n + BigInt(offset), new Uint8Array(Uint32Array.of(Number(value)).buffer))
    }

    arm(poke, { iova: 0n, length: 1, attributes })
    space.read(0x8000_0000n, new Uint8Array(4))

    expect(seen).toEqual([{ ...expected, requester: 0x28 }])
    expect(read).toEqual([expected])
  })
})

test('behind a pseries bridge iommu-testdev says whether a TCE leads where it should', () => {
  const machine = new Machine('pseries')
  machine.map(0n, ram('ram', 1n * MiB))
  const phb = machine.plug(new SpaprHostBridge({ index: 0 }))
  const device = phb.plug('00:01.0', new IommuTestdevDevice())
  device.config.write(0x10, 4, 0x9000_0000)
  device.config.write(0x04, 2, Command.memory | Command.busMaster)
  phb.window.put(0x1000n, { to: 0x4000n, access: 'rw' })
  phb.window.put(0x2000n, { to: 0x5000n, access: 'r' })
  const at = (offset: number): bigint => 0x2000_9000_0000n + BigInt(offset)
  const poke = (offset: number, value: number | bigint): number => {
    return machine.space.write(at(offset), new Uint8Array(Uint32Array.of(Number(value)).buffer))
  }
  const result = (request: Request): number => {
    const word = new Uint32Array(1)
    arm(poke, request)
    machine.space.read(at(IommuTestdev.trigger), new Uint8Array(word.buffer))
    machine.space.read(at(IommuTestdev.result), new Uint8Array(word.buffer))
    return word[0] as number
  }

  const results = [
    result({ iova: 0x1000n, physical: 0x4000n }),
    result({ iova: 0x1000n, physical: 0x5000n }),
    result({ iova: 0x2000n, physical: 0x5000n }),
    result({ iova: 0x3000n, physical: 0x5000n }),
  ]

  expect(results).toEqual([0, 0xdead_0004, 0xdead_0002, 0xdead_0002])
  expect([...device.faults].map(({ reason }) => reason)).toMatchInlineSnapshot(`
    [
      "the mapping of 'tce-0x80000000' at 0x2000 permits no write",
      "'tce-0x80000000' has no mapping at 0x3000",
    ]
  `)
})

describe('an armed iommu-testdev', () => {
  test('stays armed over save and restore', () => {
    const { machine, poke } = scene()
    const other = scene()
    arm(poke, { length: 4 })

    other.machine.restore(structuredClone(machine.save()))
    other.peek(IommuTestdev.trigger)

    expect(other.peek(IommuTestdev.result)).toBe(0n)
    expect([...other.memory(0x100, 5)]).toEqual([...PATTERN, 0])
  })

  test('is not armed after a reset, nor where it is plugged next', () => {
    const { bus, device, machine, peek, poke } = scene()
    arm(poke)
    machine.reset()
    setUp(device)
    expect([peek(IommuTestdev.result), peek(IommuTestdev.iovaLow)]).toEqual([0xffff_ffffn, 0n])
    arm(poke)

    bus.unplug(device)
    bus.plug('03.0', device)
    setUp(device)
    peek(IommuTestdev.trigger)

    expect(peek(IommuTestdev.result)).toBe(0xdead_0005n)
  })
})
