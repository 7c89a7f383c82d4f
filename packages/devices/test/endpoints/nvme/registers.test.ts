import { NvmeAdmin, NvmeRegister, NvmeStatus } from '@hostbridge/devices/endpoints'
import { describe, expect, it, test } from 'vitest'
import { configurationOf, nvmeScene, PAGE } from './driver.ts'

describe('the registers of an NVMe controller', () => {
  it('tell entries, contiguous queues, stride, command set and page sizes in CAP (NVM Express 1.3d, 3.1.1)', () => {
    const { driver } = nvmeScene({ entries: 256, doorbellStride: 3 })

    const low = driver.peek(NvmeRegister.capabilities)
    const high = driver.peek(NvmeRegister.capabilities + 4)

    expect(low & 0xffff).toBe(255)
    expect((low >>> 16) & 1).toBe(1)
    expect(low >>> 24).toBe(1)
    expect(high & 0xf).toBe(3)
    expect((high >>> 5) & 0xff).toBe(1)
    expect([(high >>> 16) & 0xf, (high >>> 20) & 0xf]).toEqual([0, 4])
  })

  it('tell version 1.3.0 in VS (3.1.2)', () => {
    const { driver } = nvmeScene()

    expect(driver.peek(NvmeRegister.version)).toBe(0x0001_0300)
  })

  it('keep what INTMS sets until INTMC clears it, and read the same (3.1.3, 3.1.4)', () => {
    const { driver } = nvmeScene()

    driver.poke(NvmeRegister.interruptMaskSet, 0x8000_0003)
    driver.poke(NvmeRegister.interruptMaskClear, 0x0000_0001)

    expect(driver.peek(NvmeRegister.interruptMaskSet)).toBe(0x8000_0002)
    expect(driver.peek(NvmeRegister.interruptMaskClear)).toBe(0x8000_0002)
  })

  it('take only the bits of CC that there are (3.1.5)', () => {
    const { driver } = nvmeScene()

    driver.poke(NvmeRegister.configuration, 0xff00_000e)

    expect(driver.peek(NvmeRegister.configuration)).toBe(0)
  })

  it('do not let CSTS and CAP be written (3.1.6, 3.1.1)', () => {
    const { driver } = nvmeScene()
    const before = driver.peek(NvmeRegister.capabilities)

    for (const offset of [NvmeRegister.status, NvmeRegister.capabilities, NvmeRegister.version]) {
      driver.poke(offset, 0xffff_ffff)
    }

    expect([driver.peek(NvmeRegister.status), driver.peek(NvmeRegister.capabilities)]).toEqual([0, before])
  })

  it('keep AQA, ASQ and ACQ while the controller is disabled, without the reserved bits (3.1.8 to 3.1.10)', () => {
    const { driver } = nvmeScene()

    driver.poke(NvmeRegister.adminQueueAttributes, 0xffff_ffff)
    for (const offset of [NvmeRegister.adminSubmissionQueue, NvmeRegister.adminCompletionQueue]) {
      driver.poke(offset, 0x1234_5fff)
      driver.poke(offset + 4, 0xabcd_ef01)
    }

    expect(driver.peek(NvmeRegister.adminQueueAttributes)).toBe(0x0fff_0fff)
    for (const offset of [NvmeRegister.adminSubmissionQueue, NvmeRegister.adminCompletionQueue]) {
      expect([driver.peek(offset), driver.peek(offset + 4)]).toEqual([0x1234_5000, 0xabcd_ef01])
    }
  })

  it('leave the admin queues where they are while the controller is enabled (3.1.8 to 3.1.10)', () => {
    const { driver } = nvmeScene()
    driver.enable()
    const before = driver.peek(NvmeRegister.adminSubmissionQueue)

    driver.poke(NvmeRegister.adminQueueAttributes, 0)
    driver.poke(NvmeRegister.adminSubmissionQueue, 0)

    expect(driver.peek(NvmeRegister.adminQueueAttributes)).toBe(0x001f_001f)
    expect(driver.peek(NvmeRegister.adminSubmissionQueue)).toBe(before)
  })

  it('read 0 where none is, and at doorbells (3.1.16)', () => {
    const { driver } = nvmeScene()

    expect([0x20, 0x38, 0xffc, 0x1000, 0x1004].map((offset) => driver.peek(offset))).toEqual([0, 0, 0, 0, 0])
  })

  test.each([0, 1, 3, 10])('doorbells lie 4 << %d bytes apart (3.1.16, 3.1.17)', (doorbellStride) => {
    const { driver, machine } = nvmeScene({ doorbellStride })
    driver.enable()
    driver.put(0, { opcode: NvmeAdmin.identify, cdw10: 1, prp1: driver.pages() })

    driver.poke(NvmeRegister.doorbells, 1)
    machine.run()
    const [done] = driver.take(0, false)
    driver.poke(NvmeRegister.doorbells + (4 << doorbellStride), 1)

    expect(done?.status).toBe(NvmeStatus.success)
    driver.put(0, { opcode: NvmeAdmin.getLogPage, cdw10: 0x000f_0001, prp1: driver.pages() })
    driver.poke(NvmeRegister.doorbells, 2)
    machine.run()
    expect(driver.take(0, false)).toHaveLength(1)
  })
})

describe('a controller that is switched on', () => {
  it('is ready after its latency, not before (7.6.1)', () => {
    const { driver, machine } = nvmeScene({ latency: 5_000n })
    driver.poke(NvmeRegister.adminQueueAttributes, 0x001f_001f)
    driver.poke(NvmeRegister.configuration, configurationOf())

    machine.run({ until: 4_999n })
    const before = driver.peek(NvmeRegister.status)
    machine.run({ until: 5_000n })

    expect([before, driver.peek(NvmeRegister.status)]).toEqual([0, 1])
  })

  test.each([
    ['a command set that is not there', 0x001f_001f, configurationOf() | (1 << 4)],
    ['an arbitration that is not there', 0x001f_001f, configurationOf() | (1 << 11)],
    ['pages above MPSMAX', 0x001f_001f, configurationOf(5)],
    ['an admin submission queue of one entry', 0x001f_0000, configurationOf()],
    ['an admin completion queue of one entry', 0x0000_001f, configurationOf()],
    ['admin queues that begin in the middle of a page', 0x001f_001f, configurationOf(1)],
  ])('with %s fails: CSTS.CFS (3.1.5, 3.1.6)', (_, attributes, configuration) => {
    const { driver, machine } = nvmeScene()
    driver.poke(NvmeRegister.adminQueueAttributes, attributes)
    driver.poke(NvmeRegister.adminSubmissionQueue, PAGE)
    driver.poke(NvmeRegister.adminCompletionQueue, PAGE)

    driver.poke(NvmeRegister.configuration, configuration)
    machine.run()

    expect(driver.peek(NvmeRegister.status)).toBe(2)
  })

  it('can be started again after a failure (7.3.2)', () => {
    const { driver, machine } = nvmeScene()
    driver.poke(NvmeRegister.configuration, configurationOf(5))
    machine.run()
    driver.poke(NvmeRegister.configuration, 0)

    const failed = driver.peek(NvmeRegister.status)
    const started = driver.enable()

    expect([failed, started]).toEqual([0, 1])
  })

  it('is reset by CC.EN = 0: all queues go, AQA, ASQ and ACQ stay (7.3.2)', () => {
    const { driver } = nvmeScene()
    driver.enable()
    driver.addQueues(1)
    const submission = driver.peek(NvmeRegister.adminSubmissionQueue)
    driver.poke(NvmeRegister.interruptMaskSet, 1)

    driver.poke(NvmeRegister.configuration, 0)
    const status = driver.peek(NvmeRegister.status)
    const kept = driver.peek(NvmeRegister.adminSubmissionQueue)
    const mask = driver.peek(NvmeRegister.interruptMaskSet)
    driver.enable()

    expect([status, kept, mask]).toEqual([0, submission, 0])
    expect(() => driver.addQueues(1)).not.toThrow()
  })

  it('takes no notice of doorbells before it is ready (3.1.16)', () => {
    const { driver, machine } = nvmeScene()

    driver.poke(NvmeRegister.doorbells, 7)
    driver.poke(NvmeRegister.doorbells + 0x60, 7)
    machine.run()

    expect(driver.enable()).toBe(1)
    const { data } = driver.inPage({ opcode: NvmeAdmin.getLogPage, cdw10: 0x000f_0001 })
    expect(data.getBigUint64(0, true)).toBe(0n)
  })

  it('completes what is under way, flushes, then says that it is shut down (3.1.6, 7.6.2)', () => {
    const { driver, machine } = nvmeScene({ bytesPerSecond: 100_000_000 })
    driver.enable()
    driver.addQueues(1)
    const prp1 = driver.pages()
    for (let count = 0; count < 4; count++) driver.put(1, { opcode: 2, namespace: 1, prp1, cdw12: 7 })
    driver.ring(1)
    machine.run({ until: machine.now })

    driver.poke(NvmeRegister.configuration, configurationOf() | (1 << 14))
    const running = driver.peek(NvmeRegister.status)
    machine.run({ until: machine.now + 60_000n })
    const later = driver.peek(NvmeRegister.status)
    driver.put(1, { opcode: 2, namespace: 1, prp1, cdw12: 7 })
    driver.ring(1)
    machine.run()

    expect([running, later, driver.peek(NvmeRegister.status)]).toEqual([0x5, 0x5, 0x9])
    expect(driver.take(1).map(({ status }) => status)).toEqual([0, 0, 0, 0])
    driver.poke(NvmeRegister.configuration, 0)
    expect(driver.peek(NvmeRegister.status)).toBe(0)
    expect(driver.enable()).toBe(1)
  })
})
