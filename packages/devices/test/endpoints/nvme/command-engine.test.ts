import { fc, test as property } from '@fast-check/vitest'
import { NvmeAdmin, NvmeFeature, NvmeIo, NvmeRegister, NvmeStatus, RamBacking } from '@hostbridge/devices/endpoints'
import { describe, expect, it, test } from 'vitest'
import { FIRST_INTERRUPT, nvmeScene, PAGE, type Scene } from './driver.ts'

function ready(options: Parameters<typeof nvmeScene>[0] = {}, entries = 32): Scene {
  const scene = nvmeScene(options)
  scene.driver.enable()
  scene.driver.addQueues(1, entries)
  return scene
}

const READ = { opcode: NvmeIo.read, namespace: 1 } as const

describe('queues are made and taken away (NVM Express 1.3d, 5.3 to 5.6)', () => {
  const create = NvmeAdmin.createCompletionQueue
  const submission = NvmeAdmin.createSubmissionQueue

  test.each([
    ['of a number that is taken', { cdw10: 0x001f_0001 }, NvmeStatus.invalidQueueIdentifier],
    ['of number 0', { cdw10: 0x001f_0000 }, NvmeStatus.invalidQueueIdentifier],
    ['of a number past the last', { cdw10: 0x001f_0009 }, NvmeStatus.invalidQueueIdentifier],
    ['of one entry', { cdw10: 0x0000_0002 }, NvmeStatus.invalidQueueSize],
    ['of more than MQES', { cdw10: 0x0400_0002 }, NvmeStatus.invalidQueueSize],
    ['with holes', { cdw11: 0x0002_0002 }, NvmeStatus.invalidField],
    ['in the middle of a page', { offset: 64 }, NvmeStatus.prpOffsetInvalid],
    ['with a vector that is not there', { cdw11: 0x0009_0003 }, NvmeStatus.invalidInterruptVector],
  ])(
    'no completion queue %s',
    (_, { offset = 0, ...words }: { offset?: number; cdw10?: number; cdw11?: number }, expected) => {
      const { driver } = ready()
      const prp1 = driver.pages() + offset

      const { status } = driver.admin({ opcode: create, cdw10: 0x001f_0002, cdw11: 0x0002_0003, ...words, prp1 })

      expect(status).toBe(expected)
    },
  )

  test.each([
    ['of a number that is taken', { cdw10: 0x001f_0001 }, NvmeStatus.invalidQueueIdentifier],
    ['of one entry', { cdw10: 0x0000_0002 }, NvmeStatus.invalidQueueSize],
    ['with holes', { cdw11: 0x0001_0000 }, NvmeStatus.invalidField],
    ['for the admin completion queue', { cdw11: 0x0000_0001 }, NvmeStatus.invalidQueueIdentifier],
    ['for a completion queue past the last', { cdw11: 0x0009_0001 }, NvmeStatus.invalidQueueIdentifier],
    ['for a completion queue that was not made', { cdw11: 0x0003_0001 }, NvmeStatus.completionQueueInvalid],
  ])('no submission queue %s', (_, words, expected) => {
    const { driver } = ready()
    const prp1 = driver.pages()

    const { status } = driver.admin({ opcode: submission, cdw10: 0x001f_0002, cdw11: 0x0001_0001, ...words, prp1 })

    expect(status).toBe(expected)
  })

  it('none before CC tells the size of its entries, which it may do while the controller is enabled (3.1.5)', () => {
    const { driver } = nvmeScene()
    driver.enable()
    const make = (opcode: number) => {
      return driver.admin({ opcode, cdw10: 0x001f_0001, cdw11: 0x0001_0001, prp1: driver.pages() }).status
    }

    driver.poke(NvmeRegister.configuration, 1)
    const without = make(create)
    driver.poke(NvmeRegister.configuration, 0x0040_0001)
    const statuses = [make(create), make(submission)]
    driver.poke(NvmeRegister.configuration, 0x0046_0001)

    expect([without, ...statuses, make(submission)]).toEqual([
      NvmeStatus.invalidQueueSize,
      NvmeStatus.success,
      NvmeStatus.invalidQueueSize,
      NvmeStatus.success,
    ])
  })

  it('a completion queue stays while a submission queue needs it, and what is not there cannot be deleted', () => {
    const { driver } = ready()
    const remove = (opcode: number, cdw10: number) => driver.admin({ opcode, cdw10 }).status
    const [completionQueue, submissionQueue] = [NvmeAdmin.deleteCompletionQueue, NvmeAdmin.deleteSubmissionQueue]

    const statuses = [
      remove(completionQueue, 1),
      remove(submissionQueue, 2),
      remove(submissionQueue, 0),
      remove(submissionQueue, 1),
      remove(submissionQueue, 1),
      remove(completionQueue, 1),
      remove(completionQueue, 1),
      remove(completionQueue, 0),
    ]

    const { success, invalidQueueDeletion, invalidQueueIdentifier: none } = NvmeStatus
    expect(statuses).toEqual([invalidQueueDeletion, none, none, success, none, success, none, none])
    expect(() => driver.addQueues(1)).not.toThrow()
  })

  it('commands under way are aborted with their submission queue (5.6)', () => {
    const { driver, machine } = ready({ bytesPerSecond: 1_000_000 })
    const prp1 = driver.pages()
    const ids = [0, 1, 2].map((cdw10) => driver.put(1, { ...READ, prp1, cdw10 }))
    driver.ring(1)
    machine.run({ until: machine.now })

    driver.admin({ opcode: NvmeAdmin.deleteSubmissionQueue, cdw10: 1 })

    const { submissionQueueDeleted } = NvmeStatus
    expect(driver.take(1).map(({ command, status }) => [command, status])).toEqual(
      ids.map((id) => [id, submissionQueueDeleted]),
    )
  })
})

describe('completions', () => {
  it('carry queue, head, identifier and a phase that turns with every round (4.6)', () => {
    const { driver, machine } = ready({}, 4)
    const prp1 = driver.pages()
    const seen = []

    for (let count = 0; count < 9; count++) {
      const id = driver.put(1, { ...READ, prp1 })
      driver.ring(1)
      machine.run()
      const [done] = driver.take(1)
      seen.push([done?.command === id, done?.queue, done?.queueHead, done?.phase])
    }

    expect(seen).toEqual(
      [1, 2, 3, 0, 1, 2, 3, 0, 1].map((head, index) => [true, 1, head, index < 4 || index === 8 ? 1 : 0]),
    )
  })

  it('wait for places: what finds none is not fetched, and goes on with the doorbell (4.1.2)', () => {
    const { driver, machine } = ready({}, 4)
    const prp1 = driver.pages()
    const put = (count: number) => {
      for (let index = 0; index < count; index++) driver.put(1, { ...READ, prp1 })
      driver.ring(1)
      machine.run()
    }
    put(3)
    put(3)

    const first = driver.take(1)
    machine.run()
    const second = driver.take(1)
    machine.run()

    expect([first.length, second.length, driver.take(1).length]).toEqual([3, 3, 0])
    expect(second.map(({ status }) => status)).toEqual([0, 0, 0])
  })

  it('of one queue that nobody empties do not hold up another one', () => {
    const { driver, machine } = ready({}, 4)
    driver.addQueues(2, 8)
    const prp1 = driver.pages()
    for (let count = 0; count < 2; count++) {
      for (let index = 0; index < 3; index++) driver.put(1, { ...READ, prp1 })
      driver.ring(1)
      machine.run()
    }

    expect(driver.run(2, { ...READ, prp1 }).status).toBe(0)
  })

  it('come in the order of their queue, after latency and the time of their bytes', () => {
    const { driver, machine } = ready({ latency: 1_000n, bytesPerSecond: 512_000_000 })
    const prp1 = driver.pages()
    const start = machine.now
    const ids = [0, 1, 2].map((cdw10) => driver.put(1, { ...READ, prp1, cdw10 }))
    driver.ring(1)

    const seen = [1_999n, 2_000n, 2_999n, 3_000n, 4_000n].map((after) => {
      machine.run({ until: start + after })
      return driver.take(1).map(({ command }) => ids.indexOf(command))
    })

    expect(seen).toEqual([[], [0], [], [1], [2]])
  })

  it('are as many as may be under way, one after the other', () => {
    const { driver, machine } = ready({ outstanding: 2 })
    const prp1 = driver.pages()
    const start = machine.now
    for (let count = 0; count < 6; count++) driver.put(1, { ...READ, prp1 })
    driver.ring(1)

    const seen = [1n, 2n, 3n].map((round) => {
      machine.run({ until: start + round * 10_000n })
      return driver.take(1).length
    })

    expect(seen).toEqual([2, 2, 2])
  })

  it('of a lot of commands are all there, in several events', () => {
    const { driver, machine } = ready({ outstanding: 1024, queues: 2 }, 512)
    const prp1 = driver.pages(128)
    const list = driver.pages()
    const places = Array.from({ length: 127 }, (_, index) => BigInt(prp1 + (index + 1) * PAGE))
    driver.fill(list, new Uint8Array(BigUint64Array.from(places).buffer))
    for (let count = 0; count < 300; count++) {
      driver.put(1, count % 100 === 0 ? { ...READ, prp1, prp2: list, cdw12: 1023 } : { ...READ, prp1 })
    }

    driver.ring(1)
    machine.run()

    expect(driver.take(1).filter(({ status }) => status === 0)).toHaveLength(300)
  })
})

describe('one event', () => {
  it('moves no more than it may: what is due together takes several, at the same instant', () => {
    const { driver, machine } = ready()
    const prp1 = driver.pages(128)
    const list = driver.pages()
    const places = Array.from({ length: 127 }, (_, index) => BigInt(prp1 + (index + 1) * PAGE))
    driver.fill(list, new Uint8Array(BigUint64Array.from(places).buffer))
    for (let count = 0; count < 6; count++) driver.put(1, { ...READ, prp1, prp2: list, cdw12: 1023 })
    const times: number[] = []
    machine.queue.watch = (event, time) => {
      if (event.name === 'nvme io') times.push(time)
    }

    driver.ring(1)
    machine.run()

    expect(driver.take(1)).toHaveLength(6)
    expect([times.length, new Set(times).size]).toEqual([3, 1])
  })
})

describe('a tail', () => {
  it('that would put a command into a full queue is refused, and told of (4.1.2, figure 48)', () => {
    const { driver, machine } = ready({}, 4)
    const waits = driver.put(0, { opcode: NvmeAdmin.asyncEventRequest })
    driver.ring(0)
    machine.run()
    const prp1 = driver.pages()
    for (let count = 0; count < 3; count++) driver.put(1, { ...READ, prp1 })
    driver.ring(1)

    driver.poke(NvmeRegister.doorbells + 8, 1)
    machine.run()

    expect(driver.take(0)).toMatchObject([{ command: waits, result: 0x0001_0100 }])
    expect(driver.take(1)).toHaveLength(3)
  })
})

describe('arbitration (4.11)', () => {
  it('takes a burst of each queue in turn', () => {
    const { driver, machine } = ready({ outstanding: 4 })
    driver.addQueues(2)
    driver.admin({ opcode: NvmeAdmin.setFeatures, cdw10: NvmeFeature.arbitration, cdw11: 1 })
    const prp1 = driver.pages()
    for (let count = 0; count < 8; count++) for (const queue of [1, 2]) driver.put(queue, { ...READ, prp1 })
    driver.ring(1)
    driver.ring(2)

    machine.run({ until: machine.now + 10_000n })

    expect([driver.take(1).length, driver.take(2).length]).toEqual([2, 2])
  })
})

describe('interrupts (7.5)', () => {
  it('are a message of the vector of the completion queue, one for what completes together', () => {
    const { driver, machine } = nvmeScene()
    driver.useMsix()
    driver.enable()
    driver.addQueues(1)
    driver.addQueues(3)
    const prp1 = driver.pages()
    driver.interrupts.length = 0
    for (const queue of [1, 3]) {
      for (let count = 0; count < 5; count++) driver.put(queue, { ...READ, prp1 })
      driver.ring(queue)
    }

    machine.run()

    for (const queue of [1, 3]) driver.take(queue)

    expect(driver.interrupts).toEqual([FIRST_INTERRUPT + 1, FIRST_INTERRUPT + 3])
  })

  it('do not come from a completion queue that wants none (5.3)', () => {
    const { driver, machine } = nvmeScene()
    driver.useMsix()
    driver.enable()
    const [submission, completion] = [driver.pages(), driver.pages()]
    driver.addRings(1, 4, submission, completion)
    driver.admin({ opcode: NvmeAdmin.createCompletionQueue, cdw10: 0x0003_0001, cdw11: 0x0001_0001, prp1: completion })
    driver.admin({ opcode: NvmeAdmin.createSubmissionQueue, cdw10: 0x0003_0001, cdw11: 0x0001_0001, prp1: submission })
    driver.interrupts.length = 0

    driver.run(1, { ...READ, prp1: driver.pages() })
    machine.run()

    expect(driver.interrupts).toEqual([])
  })

  it('without MSI-X hold the pin up while completions wait and INTMS does not mask them (3.1.3)', () => {
    const { driver, machine, nvme } = ready()
    driver.put(1, { ...READ, prp1: driver.pages() })
    driver.ring(1)
    const levels = [nvme.intx?.asserted]

    machine.run()
    levels.push(nvme.intx?.asserted)
    driver.poke(NvmeRegister.interruptMaskSet, 1)
    levels.push(nvme.intx?.asserted)
    driver.poke(NvmeRegister.interruptMaskClear, 1)
    levels.push(nvme.intx?.asserted)
    driver.take(1)
    levels.push(nvme.intx?.asserted)

    expect(levels).toEqual([false, true, false, true, false])
  })
})

describe('the pin', () => {
  it('falls when the controller is reset (7.3.2)', () => {
    const { driver, machine, nvme } = ready()
    driver.put(1, { ...READ, prp1: driver.pages() })
    driver.ring(1)
    machine.run()
    const before = nvme.intx?.asserted

    driver.poke(NvmeRegister.configuration, 0)

    expect([before, nvme.intx?.asserted]).toEqual([true, false])
  })
})

describe('what only a reset helps against (9.5)', () => {
  it('commands that cannot be fetched: CSTS.CFS and a fault, until CC.EN = 0', () => {
    const { driver, machine, nvme } = ready()
    driver.put(1, { ...READ, prp1: driver.pages() })
    driver.revoke(driver.submission.get(1)?.iova as number)

    driver.ring(1)
    machine.run()
    const failed = driver.peek(NvmeRegister.status)
    driver.poke(NvmeRegister.configuration, 0)

    expect([failed, driver.enable()]).toEqual([3, 1])
    expect(nvme.faults.last).toMatchObject({ access: 'read', iova: BigInt(driver.submission.get(1)?.iova as number) })
  })

  it('completions that cannot be written', () => {
    const { driver, machine, nvme } = ready()
    driver.put(1, { ...READ, prp1: driver.pages() })
    driver.revoke(driver.completion.get(1)?.iova as number, 'r')

    driver.ring(1)
    machine.run()

    expect(driver.peek(NvmeRegister.status)).toBe(3)
    expect(nvme.faults.last).toMatchObject({ access: 'write' })
  })
})

describe('a reset with commands under way', () => {
  const slow = (): Scene & { backing: RamBacking } => {
    const backing = new RamBacking(1 << 20)
    const scene = ready({ namespaces: [{ backing }], bytesPerSecond: 1_000_000 })
    const prp1 = scene.driver.pages()
    for (let count = 0; count < 4; count++) scene.driver.put(1, { opcode: NvmeIo.write, namespace: 1, prp1, cdw12: 7 })
    scene.driver.ring(1)
    scene.machine.run({ until: scene.machine.now + 5_000_000n })
    return { ...scene, backing }
  }

  it('of the controller drops them: none completes, none writes (7.3.2)', () => {
    const { driver, machine, backing } = slow()
    const before = driver.take(1).length
    backing.zero(0, 1 << 20)

    driver.poke(NvmeRegister.configuration, 0)
    machine.run()

    expect([before, driver.take(1, false).length, backing.committedBytes]).toEqual([1, 0, 0])
    expect(driver.enable()).toBe(1)
  })

  it('of the machine drops them and all registers', () => {
    const { driver, machine, nvme } = slow()
    driver.take(1)

    machine.reset()
    machine.run()
    nvme.config.write(0x10, 4, 0x9000_0000)
    nvme.config.write(0x04, 2, 6)

    expect(driver.take(1, false)).toEqual([])
    expect(driver.peek(NvmeRegister.status)).toBe(0)
    expect(driver.peek(NvmeRegister.adminQueueAttributes)).toBe(0)
  })

  it('is survived by its medium, and so is an unplug', () => {
    const { machine, phb, nvme, backing } = slow()

    phb.unplug(nvme)
    machine.run()

    expect(backing.committedBytes).toBe(65_536)
    expect(machine.queue.size).toBe(0)
  })
})

/** What a guest that has gone wrong may do: registers, doorbells, memory full of anything, time. */
const mischief = fc.oneof(
  fc.record({ kind: fc.constant('poke' as const), offset: fc.nat(0x1fff), value: fc.integer() }),
  fc.record({ kind: fc.constant('bell' as const), offset: fc.nat(5), value: fc.nat(40) }),
  fc.record({
    kind: fc.constant('command' as const),
    queue: fc.nat(1),
    words: fc.array(fc.oneof(fc.nat(16), fc.integer({ min: 0, max: 0xffff_ffff }), fc.constant(256 * PAGE)), {
      minLength: 16,
      maxLength: 16,
    }),
    opcode: fc.nat(13),
  }),
  fc.record({ kind: fc.constant('run' as const) }),
)

describe('a guest that does anything', () => {
  property.prop([fc.array(mischief, { maxLength: 40 })], { numRuns: 40 })(
    'neither stops the controller nor makes it throw: a reset helps',
    (steps) => {
      const { driver, machine, nvme } = ready()

      for (const step of steps) {
        if (step.kind === 'poke') driver.poke(step.offset & ~3, step.value)
        else if (step.kind === 'bell') driver.poke(NvmeRegister.doorbells + 4 * step.offset, step.value)
        else if (step.kind === 'run') machine.run({ until: machine.now + 20_000n })
        else {
          const ring = driver.submission.get(step.queue)
          const words = Uint32Array.from(step.words, (word, index) =>
            index === 0 ? (word & ~0xffff) | step.opcode : word,
          )
          driver.fill((ring?.iova ?? 0) + (ring?.index ?? 0) * 64, new Uint8Array(words.buffer))
          if (ring !== undefined) ring.index = (ring.index + 1) % ring.size
          driver.ring(step.queue)
        }
      }
      machine.run()
      nvme.config.write(0x10, 4, 0x9000_0000)
      nvme.config.write(0x04, 2, 6)
      driver.poke(NvmeRegister.configuration, 0)

      expect(driver.enable()).toBe(1)
      expect(driver.admin({ opcode: NvmeAdmin.identify, cdw10: 1, prp1: driver.pages() }).status).toBe(0)
    },
  )
})
