import { KiB } from '@hostbridge/core/address'
import { NvmeAdmin, NvmeIo, NvmeRegister, RamBacking } from '@hostbridge/devices/endpoints'
import { describe, expect, it } from 'vitest'
import { nvmeScene, PAGE, type Scene } from './driver.ts'

/** IOVAs that a guest maps to the controller's own registers and doorbells. */
const REGISTERS = 16 * PAGE
const DOORBELLS = 17 * PAGE

function ready(): Scene & { backing: RamBacking } {
  const backing = new RamBacking(1 << 20)
  const scene = nvmeScene({ namespaces: [{ backing }] })
  scene.driver.enable()
  scene.driver.addQueues(1)
  for (const page of [16n, 17n]) {
    scene.phb.window.put(page * 4n * KiB, { to: 0x2000_9000_0000n + (page - 16n) * 4n * KiB, access: 'rw' })
  }
  return { ...scene, backing }
}

const READ = { opcode: NvmeIo.read, namespace: 1, cdw12: 0 } as const

describe('a controller whose DMA meets its own registers', () => {
  it('is reset by what it reads from its disk, and drops what is under way', () => {
    const { driver, machine, nvme } = ready()
    for (let count = 0; count < 5; count++) {
      driver.put(1, { ...READ, prp1: count === 2 ? REGISTERS : driver.pages() })
    }

    driver.ring(1)
    machine.run()

    expect(driver.peek(NvmeRegister.configuration)).toBe(0)
    expect(driver.take(1, false)).toEqual([])
    expect(nvme.faults.total).toBe(0)
    expect(driver.enable()).toBe(1)
    driver.addQueues(1)
    expect(driver.run(1, { ...READ, prp1: driver.pages() }).status).toBe(0)
  })

  it('is reset by a completion that is written to them', () => {
    const { driver, machine } = ready()
    const [submission, cdw10] = [driver.pages(), 0x000f_0002]
    driver.addRings(2, 16, submission, REGISTERS)
    driver.admin({ opcode: NvmeAdmin.createCompletionQueue, cdw10, cdw11: 1, prp1: REGISTERS })
    driver.admin({ opcode: NvmeAdmin.createSubmissionQueue, cdw10, cdw11: 0x0002_0001, prp1: submission })
    for (let count = 0; count < 3; count++) driver.put(2, { ...READ, prp1: driver.pages() })

    driver.ring(2)
    machine.run()

    expect(driver.peek(NvmeRegister.status) & 1).toBe(0)
    expect(driver.enable()).toBe(1)
  })

  it('rings its own doorbells: time goes on, and nothing is done twice at an instant', () => {
    const { driver, machine, backing } = ready()
    const tails = new Uint32Array(128)
    tails[2] = 1
    tails[0] = 3
    backing.write(0, new Uint8Array(tails.buffer))
    for (let count = 0; count < 32; count++) driver.put(1, { ...READ, prp1: DOORBELLS })
    driver.ring(1)

    const { now } = machine.run({ until: machine.now + 1_000_000n })

    expect(now).toBe(machine.now)
    expect(machine.queue.size).toBeLessThan(5)
    driver.poke(NvmeRegister.configuration, 0)
    expect(driver.enable()).toBe(1)
  })

  it('fetches commands from them as from anywhere', () => {
    const { driver, machine } = ready()
    const [completion, cdw10] = [driver.pages(), 0x000f_0002]
    driver.addRings(2, 16, REGISTERS, completion)
    driver.admin({ opcode: NvmeAdmin.createCompletionQueue, cdw10, cdw11: 1, prp1: completion })
    driver.admin({ opcode: NvmeAdmin.createSubmissionQueue, cdw10, cdw11: 0x0002_0001, prp1: REGISTERS })

    driver.poke(NvmeRegister.doorbells + 16, 4)
    machine.run()

    expect(driver.take(2).map(({ status }) => status)).toHaveLength(4)
    expect(driver.peek(NvmeRegister.status)).toBe(1)
  })
})
