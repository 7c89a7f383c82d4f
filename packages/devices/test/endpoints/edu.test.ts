import { fc, test as property } from '@fast-check/vitest'
import { MemTx } from '@hostbridge/core/memory'
import { ms } from '@hostbridge/core/time'
import { Edu, EduDevice, type EduOptions } from '@hostbridge/devices/endpoints'
import { Command, Header } from '@hostbridge/devices/pci'
import { describe, expect, test } from 'vitest'
import { type EndpointScene, endpointScene, RAM, setUp, useMessages } from './endpoint-scene.ts'

const BUFFER = 0x4_0000
const RUN = 1
const FROM_DEVICE = 2
const INTERRUPT = 4
const NOTHING = 0xffff_ffffn

function scene(options: EduOptions = {}): EndpointScene<EduDevice> {
  return endpointScene(new EduDevice(options))
}

/** Programs a transfer and starts it. */
function transfer({ poke }: EndpointScene<EduDevice>, from: bigint | number, to: bigint | number, count: number): void {
  poke(Edu.dmaSource, from, 8)
  poke(Edu.dmaDestination, to, 8)
  poke(Edu.dmaCount, count)
}

describe('edu, “PCI specs”', () => {
  test('is 1234:11e8 with 1 MiB of registers', () => {
    const { device } = scene()

    expect(device.config.get(Header.vendor)).toBe(0x1234)
    expect(device.config.get(Header.device)).toBe(0x11e8)
    expect([...device.bars.all].map(([index, { kind, size }]) => [index, kind, size])).toEqual([
      [0, 'memory32', 0x10_0000n],
    ])
  })

  test.each([{ dmaBits: 0 }, { dmaBits: 65 }, { dmaBits: 1.5 }, { dmaLatency: -1n }, { factorialLatency: -1n }])(
    'cannot be made with %o',
    (options) => {
      expect(() => new EduDevice(options)).toThrow(/'edu' cannot (have|be done)/)
    },
  )
})

describe('edu, “MMIO area spec”', () => {
  test('0x00 (RO): identification is 0xRRrr00ed, and cannot be written', () => {
    const { peek, poke } = scene()

    poke(Edu.identification, 5)

    expect(peek(Edu.identification)).toBe(0x0100_00edn)
  })

  test('0x04 (RW): card liveness check is a simple value inversion', () => {
    const { peek, poke } = scene()

    poke(Edu.liveness, 0x1234_5678)

    expect(peek(Edu.liveness)).toBe(0xedcb_a987n)
  })

  test('0x08 (RW): the factorial is put back when the factorial bit in the status register is cleared', () => {
    const { machine, peek, poke } = scene({ factorialLatency: 50n })

    poke(Edu.factorial, 12)

    expect([peek(Edu.status), peek(Edu.factorial)]).toEqual([1n, 12n])
    machine.run({ until: 49n })
    expect(peek(Edu.status)).toBe(1n)
    machine.run({ until: 50n })
    expect([peek(Edu.status), peek(Edu.factorial)]).toEqual([0n, 479_001_600n])
  })

  property.prop([fc.oneof(fc.integer({ min: 0, max: 40 }), fc.integer({ min: 0, max: 0xffff_ffff }))], { numRuns: 50 })(
    '0x08 (RW): has the lowest 32 bits of any factorial',
    (of) => {
      const { machine, peek, poke } = scene()
      let expected = 1n
      for (let factor = 2n; factor <= BigInt(Math.min(of, 40)); factor++) expected = (expected * factor) & 0xffff_ffffn

      poke(Edu.factorial, of)
      machine.run()

      expect(peek(Edu.factorial)).toBe(expected)
    },
  )

  test('0x08 (RW): takes no other number while it computes', () => {
    const { machine, peek, poke } = scene()
    poke(Edu.factorial, 3)

    poke(Edu.factorial, 10)
    machine.run()

    expect(peek(Edu.factorial)).toBe(6n)
  })

  test('0x20 (RW): 0x01 computing factorial is read-only, 0x80 is kept, and nothing else is', () => {
    const { peek, poke } = scene()

    poke(Edu.status, 0xffff_ffff)

    expect(peek(Edu.status)).toBe(0x80n)
    poke(Edu.factorial, 3)
    poke(Edu.status, 0)
    expect(peek(Edu.status)).toBe(1n)
  })

  test('0x20 (RW): 0x80 raises interrupt 0x1 after finishing the factorial computation, though set meanwhile', () => {
    const { machine, heard, peek, poke } = scene({ factorialLatency: 50n })
    poke(Edu.factorial, 3)
    machine.run()
    poke(Edu.factorial, 4)

    poke(Edu.status, 0x80)
    machine.run()

    expect(peek(Edu.interruptStatus)).toBe(1n)
    expect(heard).toEqual(['up@100'])
  })

  test('0x24 (RO): interrupt status has the values which raised the interrupt, and cannot be written', () => {
    const { peek, poke } = scene()
    poke(Edu.raise, 0x30)
    poke(Edu.raise, 0x8000_0001)

    poke(Edu.interruptStatus, 0)

    expect(peek(Edu.interruptStatus)).toBe(0x8000_0031n)
  })

  test('0x60 (WO): interrupt raise raises the wire with any value but 0', () => {
    const { heard, peek, poke } = scene()

    poke(Edu.raise, 0)
    expect(heard).toEqual([])
    poke(Edu.raise, 2)

    expect(heard).toEqual(['up@0'])
    expect(peek(Edu.raise)).toBe(NOTHING)
  })

  test('0x64 (WO): interrupt acknowledge lowers the wire when nothing is left of the status', () => {
    const { heard, peek, poke } = scene()
    poke(Edu.raise, 3)

    poke(Edu.acknowledge, 1)
    expect([peek(Edu.interruptStatus), heard]).toEqual([2n, ['up@0']])
    poke(Edu.acknowledge, 0xff)

    expect([peek(Edu.interruptStatus), heard]).toEqual([0n, ['up@0', 'down@0']])
    expect(peek(Edu.acknowledge)).toBe(NOTHING)
  })

  test.each([
    ['0x80', Edu.dmaSource],
    ['0x88', Edu.dmaDestination],
    ['0x90', Edu.dmaCount],
  ])('%s (RW): is kept in 8 bytes, and in 4', (_, register) => {
    const { peek, poke } = scene()

    poke(register, 0x1122_3344_5566_7788n, 8)

    expect([peek(register, 8), peek(register)]).toEqual([0x1122_3344_5566_7788n, 0x5566_7788n])
    poke(register, 9)
    expect(peek(register, 8)).toBe(9n)
  })

  test('0x98 (RW): the DMA command is kept only with 0x01 start transfer', () => {
    const { peek, poke } = scene()

    poke(Edu.dmaCommand, FROM_DEVICE)
    expect(peek(Edu.dmaCommand)).toBe(0n)
    poke(Edu.dmaCommand, FROM_DEVICE | RUN)

    expect(peek(Edu.dmaCommand)).toBe(3n)
  })

  test('only size == 4 accesses are allowed for addresses < 0x80, size == 4 or size == 8 for the rest', () => {
    const { peek, poke } = scene()

    poke(Edu.factorial, 5, 8)

    expect([peek(Edu.status), peek(Edu.factorial)]).toEqual([0n, 0n])
    expect(peek(Edu.factorial, 8)).toBe(0xffff_ffff_ffff_ffffn)
    expect([peek(Edu.liveness, 1), poke(Edu.liveness, 1, 2)]).toEqual([`~${MemTx.decodeError}`, MemTx.decodeError])
    expect(peek(Edu.dmaSource + 4)).toBe(NOTHING)
  })

  test.each([0x0c, 0x28, 0xa0, 0x4_0000, 0xf_fffc])('at %i there is no register: it reads as ones', (offset) => {
    const { peek, poke } = scene()

    const result = poke(offset, 0)

    expect([result, peek(offset)]).toEqual([MemTx.ok, NOTHING])
  })

  test('registers are big-endian where the machine is', () => {
    const { peek } = scene({ endianness: 'big' })

    expect(peek(Edu.identification)).toBe(0xed00_0001n)
  })
})

describe('edu, “IRQ controller”', () => {
  test('by default INTx is used; it can be kept off the wire, and is seen in the status register', () => {
    const { device, heard, poke } = scene()
    device.config.write(Header.command.offset, 2, Command.memory | Command.interruptDisable)

    poke(Edu.raise, 1)

    expect(heard).toEqual([])
    expect(device.config.get(Header.status) & 8).toBe(8)
  })

  test('with MSI every raise is a message, and the acknowledge register still has to be updated', () => {
    const { device, heard, peek, poke } = scene()
    useMessages(device, 0x41)

    poke(Edu.raise, 1)
    poke(Edu.raise, 1)
    poke(Edu.acknowledge, 1)

    expect(heard).toEqual(['65@0', '65@0'])
    expect(peek(Edu.interruptStatus)).toBe(0n)
  })
})

describe('edu, “DMA controller”', () => {
  test("the document's example: a block of 100 bytes goes to the buffer and comes back 100 bytes on", () => {
    const edu = scene()
    const { machine, peek, poke, fill, memory } = edu
    const block = Array.from({ length: 100 }, (_, at) => at + 1)
    fill(0x200, block)

    transfer(edu, RAM + 0x200n, BUFFER, 100)
    poke(Edu.dmaCommand, RUN)
    machine.run()
    transfer(edu, BUFFER, RAM + 0x200n + 100n, 100)
    poke(Edu.dmaCommand, RUN | FROM_DEVICE)
    machine.run()

    expect([...memory(0x200, 200)]).toEqual([...block, ...block])
    expect(peek(Edu.dmaCommand)).toBe(2n)
    expect(machine.now).toBe(200n * ms)
  })

  test('a transfer takes its time: bytes, status and interrupt 0x100 come with its end', () => {
    const edu = scene({ dmaLatency: 1000n })
    const { machine, heard, peek, poke, memory } = edu
    machine.run({ until: 7n })
    edu.fill(0, [1, 2, 3, 4])
    transfer(edu, RAM, BUFFER, 4)
    poke(Edu.dmaCommand, RUN)
    machine.run()
    transfer(edu, BUFFER, RAM + 8n, 4)

    poke(Edu.dmaCommand, RUN | FROM_DEVICE | INTERRUPT)
    machine.run({ until: 2006n })
    expect([peek(Edu.dmaCommand), [...memory(8, 4)], heard]).toEqual([7n, [0, 0, 0, 0], []])
    machine.run()

    expect([peek(Edu.dmaCommand), [...memory(8, 4)]]).toEqual([6n, [1, 2, 3, 4]])
    expect([peek(Edu.interruptStatus), heard]).toEqual([0x100n, ['up@2007']])
  })

  test('nothing of it can be changed while it runs', () => {
    const edu = scene()
    const { machine, peek, poke, memory } = edu
    transfer(edu, BUFFER, RAM, 1)
    poke(Edu.dmaCommand, RUN | FROM_DEVICE)

    transfer(edu, BUFFER + 1, RAM + 99n, 4096)
    poke(Edu.dmaCommand, RUN | INTERRUPT)
    machine.run()

    expect([Edu.dmaSource, Edu.dmaDestination, Edu.dmaCount].map((register) => peek(register, 8))).toEqual([
      BigInt(BUFFER),
      RAM,
      1n,
    ])
    expect([peek(Edu.dmaCommand), peek(Edu.interruptStatus), memory(99, 1)[0]]).toEqual([2n, 0n, 0])
    expect(machine.guestErrors.total).toBe(0)
  })

  test('with 28 bits of address by default, the rest is cut off and a mistake of the guest', () => {
    const edu = scene()
    const { machine, poke, memory } = edu
    edu.fill(0, [42])
    transfer(edu, 0xf000_0000_0000n | RAM, BUFFER, 1)
    poke(Edu.dmaCommand, RUN)
    machine.run()
    transfer(edu, BUFFER, RAM + 1n, 1)

    poke(Edu.dmaCommand, RUN | FROM_DEVICE)
    machine.run()

    expect(memory(1, 1)[0]).toBe(42)
    expect([...machine.guestErrors].map(({ code, message }) => `${code}: ${message}`)).toEqual([
      `edu.dma-mask: 'edu' cuts address 0xf00001000000 of a transfer to 0x1000000: set its DMA mask`,
    ])
  })

  test.each([
    [20, 0x1000n, 1],
    [64, 0x300_0000_1000n, 0],
  ])('dma_mask makes it work with DMA addresses of %i bits', (dmaBits, iova, mistakes) => {
    const edu = scene({ dmaBits })
    const { device, machine, poke } = edu
    transfer(edu, BUFFER, 0x300_0000_1000n, 1)

    poke(Edu.dmaCommand, RUN | FROM_DEVICE)
    machine.run()

    expect([device.faults.last?.iova, machine.guestErrors.total]).toEqual([iova, mistakes])
  })

  test.each([
    ['ends behind the buffer', BUFFER + 1, 4096],
    ['begins before it', BUFFER - 1, 1],
    ['begins behind it', BUFFER + 4097, 0],
    ['wraps around', 2n ** 64n - 1n, 4096],
  ])('a transfer that %s moves nothing and ends like any other', (_, place, count) => {
    const edu = scene()
    const { machine, peek, poke, memory } = edu
    edu.fill(0, [1, 2, 3])
    transfer(edu, place, RAM, count)

    poke(Edu.dmaCommand, RUN | FROM_DEVICE | INTERRUPT)
    machine.run()

    expect([peek(Edu.dmaCommand), peek(Edu.interruptStatus)]).toEqual([6n, 0x100n])
    expect([...memory(0, 3)]).toEqual([1, 2, 3])
    expect(machine.guestErrors.last).toMatchObject({ code: 'edu.dma-range' })
  })

  test('all of the buffer can be moved at once', () => {
    const edu = scene()
    const { machine, poke, memory } = edu
    edu.fill(
      0,
      Array.from({ length: 4096 }, (_, at) => at & 0xff),
    )
    transfer(edu, RAM, BUFFER, 4096)
    poke(Edu.dmaCommand, RUN)
    machine.run()
    transfer(edu, BUFFER, RAM + 0x2000n, 4096)

    poke(Edu.dmaCommand, RUN | FROM_DEVICE)
    machine.run()

    expect(memory(0x2000, 4096)).toEqual(memory(0, 4096))
    expect(machine.guestErrors.total).toBe(0)
  })

  test('what its DMA does not find is a fault, and the transfer ends', () => {
    const edu = scene()
    const { device, machine, peek, poke } = edu
    transfer(edu, 0x20_0000, BUFFER, 16)

    poke(Edu.dmaCommand, RUN | INTERRUPT)
    machine.run()

    expect(device.faults.last).toMatchObject({ iova: 0x20_0000n, access: 'read', time: 100n * ms })
    expect([peek(Edu.dmaCommand), peek(Edu.interruptStatus)]).toEqual([4n, 0x100n])
  })
})

describe('a busy edu', () => {
  function busy(): EndpointScene<EduDevice> {
    const edu = scene()
    edu.fill(0, [7, 8, 9])
    transfer(edu, RAM, BUFFER, 3)
    edu.poke(Edu.dmaCommand, RUN | INTERRUPT)
    edu.poke(Edu.status, 0x80)
    edu.poke(Edu.factorial, 5)
    edu.poke(Edu.liveness, 1)
    edu.machine.run({ until: 500n })
    return edu
  }

  test('goes on after save and restore where it was', () => {
    const { machine, peek } = busy()
    const other = scene()
    other.fill(0, [7, 8, 9])

    other.machine.restore(structuredClone(machine.save()))

    for (const { machine: each } of [{ machine }, other]) each.run()
    expect(other.machine.save()).toEqual(machine.save())
    expect([other.peek(Edu.factorial), other.peek(Edu.liveness)]).toEqual([120n, 0xffff_fffen])
    expect([other.peek(Edu.interruptStatus), other.peek(Edu.dmaCommand)]).toEqual([0x101n, 4n])
    expect([peek(Edu.interruptStatus), other.heard]).toEqual([0x101n, ['up@1000']])
  })

  test('forgets all but its buffer when it is reset', () => {
    const { device, machine, peek } = busy()

    machine.reset()
    setUp(device)
    machine.run()

    const registers = [Edu.liveness, Edu.factorial, Edu.status, Edu.interruptStatus, Edu.dmaCount, Edu.dmaCommand]
    expect(registers.map((register) => peek(register))).toEqual([0n, 0n, 0n, 0n, 0n, 0n])
    expect(machine.now).toBe(500n)
  })

  test('can be used at once where it is plugged next', () => {
    const { bus, device, machine, peek, poke } = busy()

    bus.unplug(device)
    bus.plug('03.0', device)
    setUp(device)
    poke(Edu.factorial, 3)
    machine.run()

    expect([peek(Edu.factorial), peek(Edu.dmaCommand), machine.now]).toEqual([6n, 0n, 1500n])
  })
})
