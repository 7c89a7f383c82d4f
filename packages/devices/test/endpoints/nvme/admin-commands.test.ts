import {
  NvmeAdmin,
  NvmeControllerData,
  NvmeErrorEntry,
  NvmeFeature,
  NvmeFirmware,
  NvmeHealth,
  NvmeIdentify,
  NvmeIo,
  NvmeLogPage,
  NvmeNamespaceData,
  NvmeRegister,
  NvmeStatus,
  RamBacking,
} from '@hostbridge/devices/endpoints'
import { describe, expect, it, test } from 'vitest'
import { type NvmeDriver, nvmeScene, PAGE } from './driver.ts'

function ready(options: Parameters<typeof nvmeScene>[0] = {}) {
  const scene = nvmeScene(options)
  scene.driver.enable()
  return scene
}

function text(data: DataView, { offset, length }: { readonly offset: number; readonly length: number }): string {
  return String.fromCharCode(...new Uint8Array(data.buffer, offset, length))
}

const TWO = [{ backing: new RamBacking(1 << 20) }, { backing: new RamBacking(1 << 22), blockSize: 4096 }] as const

describe('Identify (NVM Express 1.3d, 5.15)', () => {
  it('tells who the controller is and what it can (figure 109)', () => {
    const { driver } = ready({ namespaces: TWO, serial: 'S1', maxTransferShift: 5 })

    const { status, data } = driver.inPage({ opcode: NvmeAdmin.identify, cdw10: NvmeIdentify.controller })

    expect(status).toBe(NvmeStatus.success)
    expect(text(data, NvmeControllerData.serialNumber)).toBe('S1'.padEnd(20))
    expect(text(data, NvmeControllerData.modelNumber)).toBe('hostbridge NVMe'.padEnd(40))
    expect(data.getUint16(NvmeControllerData.vendor, true)).toBe(0x1b36)
    expect(data.getUint8(NvmeControllerData.maxTransfer)).toBe(5)
    expect(data.getUint32(NvmeControllerData.version, true)).toBe(0x0001_0300)
    expect(data.getUint32(NvmeControllerData.namespaces, true)).toBe(2)
    expect(data.getUint8(NvmeControllerData.submissionEntry)).toBe(0x66)
    expect(data.getUint8(NvmeControllerData.completionEntry)).toBe(0x44)
    expect(data.getUint16(NvmeControllerData.optionalCommands, true)).toBe(0x1d)
    expect(text(data, { ...NvmeControllerData.subsystemName, length: 40 })).toBe(
      'nqn.2014-08.org.nvmexpress:hostbridge:S1',
    )
  })

  it('tells size and block size of a namespace (figure 114)', () => {
    const { driver } = ready({ namespaces: TWO })

    const { status, data } = driver.inPage({ opcode: NvmeAdmin.identify, namespace: 2 })

    expect(status).toBe(NvmeStatus.success)
    expect(data.getBigUint64(NvmeNamespaceData.size, true)).toBe(1024n)
    expect(data.getBigUint64(NvmeNamespaceData.capacity, true)).toBe(1024n)
    expect(data.getUint32(NvmeNamespaceData.firstFormat, true)).toBe(12 << 16)
    expect(data.getUint8(NvmeNamespaceData.deallocated)).toBe(1)
  })

  test.each([
    [0, [1, 2]],
    [1, [2]],
    [2, []],
    [0xffff_fffd, []],
  ])('lists the active namespaces behind %d (5.15.4)', (namespace, ids) => {
    const { driver } = ready({ namespaces: TWO })

    const { data } = driver.inPage({ opcode: NvmeAdmin.identify, cdw10: NvmeIdentify.activeNamespaces, namespace })

    const list = Array.from({ length: 3 }, (_, index) => data.getUint32(4 * index, true)).filter((id) => id > 0)
    expect(list).toEqual(ids)
  })

  it('gives every namespace a UUID of its own (figure 116)', () => {
    const { driver } = ready({ namespaces: TWO })
    const cdw10 = NvmeIdentify.namespaceDescriptors

    const ids = [1, 2].map((namespace) => {
      const { data } = driver.inPage({ opcode: NvmeAdmin.identify, cdw10, namespace })
      expect([data.getUint8(0), data.getUint8(1), data.getUint8(20)]).toEqual([3, 16, 0])
      return text(data, { offset: 4, length: 16 })
    })

    expect(ids[0]).not.toBe(ids[1])
  })

  test.each([
    ['namespace 0', { namespace: 0 }, NvmeStatus.invalidNamespace],
    ['a namespace past the last', { namespace: 3 }, NvmeStatus.invalidNamespace],
    ['all namespaces', { namespace: 0xffff_ffff }, NvmeStatus.invalidNamespace],
    ['a list behind the last number', { namespace: 0xffff_fffe, cdw10: 2 }, NvmeStatus.invalidNamespace],
    ['descriptors of nobody', { namespace: 3, cdw10: 3 }, NvmeStatus.invalidNamespace],
    ['what is not known', { cdw10: 0x13 }, NvmeStatus.invalidField],
    ['a fused command', { cdw10: 1, flags: 1 }, NvmeStatus.invalidField],
    ['SGLs', { cdw10: 1, flags: 0x40 }, NvmeStatus.invalidField],
  ])('refuses %s', (_, command, expected) => {
    const { driver } = ready({ namespaces: TWO })

    expect(driver.inPage({ opcode: NvmeAdmin.identify, ...command }).status).toBe(expected)
  })

  it('is given in two pages where it begins in the middle of one (4.3)', () => {
    const { driver } = ready()
    const pages = driver.pages(2)

    const { status } = driver.admin({ opcode: NvmeAdmin.identify, cdw10: 1, prp1: pages + 2048, prp2: pages + PAGE })

    expect(status).toBe(NvmeStatus.success)
    expect(driver.look(pages + 2048 + 512, 2)).toEqual(Uint8Array.of(0x66, 0x44))
  })
})

describe('features (5.13, 5.21)', () => {
  const get = (driver: NvmeDriver, feature: number, select = 0, cdw11 = 0) => {
    return driver.admin({ opcode: NvmeAdmin.getFeatures, cdw10: feature | (select << 8), cdw11 })
  }
  const set = (driver: NvmeDriver, feature: number, cdw11: number) => {
    return driver.admin({ opcode: NvmeAdmin.setFeatures, cdw10: feature, cdw11 })
  }

  test.each([
    ['arbitration (5.21.1.1)', NvmeFeature.arbitration, 0x0302_0103, 7],
    ['temperature threshold (5.21.1.4)', NvmeFeature.temperatureThreshold, 0x0140, 0x157],
    ['error recovery (5.21.1.5)', NvmeFeature.errorRecovery, 0x0001_0000, 0],
    ['volatile write cache (5.21.1.6)', NvmeFeature.volatileWriteCache, 0, 1],
    ['interrupt coalescing (5.21.1.8)', NvmeFeature.interruptCoalescing, 0x0a05, 0],
    ['write atomicity (5.21.1.10)', NvmeFeature.writeAtomicity, 1, 0],
    ['asynchronous event configuration (5.21.1.11)', NvmeFeature.asyncEventConfiguration, 0x1f, 0],
  ])('%s is kept, has a default, and goes back to it with the controller', (_, feature, value, initial) => {
    const { driver } = ready()

    const results = [get(driver, feature), set(driver, feature, value), get(driver, feature), get(driver, feature, 1)]
    driver.poke(NvmeRegister.configuration, 0)
    driver.enable()

    expect(results.map(({ status }) => status)).toEqual([0, 0, 0, 0])
    expect([results[0]?.result, results[2]?.result, results[3]?.result]).toEqual([initial, value, initial])
    expect(get(driver, feature).result).toBe(initial)
    expect(get(driver, feature, 3).result).toBe(4)
  })

  it('number of queues tells how many there are, however many were asked for (5.21.1.7)', () => {
    const { driver } = ready({ queues: 3 })

    const answers = [0x0000_0000, 0x00ff_00ff].map((wish) => set(driver, NvmeFeature.numberOfQueues, wish).result)

    expect(answers).toEqual([0x0002_0002, 0x0002_0002])
    expect(get(driver, NvmeFeature.numberOfQueues).result).toBe(0x0002_0002)
  })

  it('number of queues cannot be asked for 65,536, nor once there are queues (5.21.1.7)', () => {
    const { driver } = ready()

    const tooMany = [0x0000_ffff, 0xffff_0000].map((wish) => set(driver, NvmeFeature.numberOfQueues, wish).status)
    driver.addQueues(1)

    expect(tooMany).toEqual([NvmeStatus.invalidField, NvmeStatus.invalidField])
    expect(set(driver, NvmeFeature.numberOfQueues, 0).status).toBe(NvmeStatus.sequenceError)
  })

  it('interrupt vector configuration is one of each vector (5.21.1.9)', () => {
    const { driver } = ready({ queues: 2 })

    const done = set(driver, NvmeFeature.interruptVector, 0x0001_0002)

    expect(done.status).toBe(NvmeStatus.success)
    expect([1, 2].map((vector) => get(driver, NvmeFeature.interruptVector, 0, vector).result)).toEqual([1, 0x0001_0002])
    expect(get(driver, NvmeFeature.interruptVector, 0, 3).status).toBe(NvmeStatus.invalidField)
    expect(set(driver, NvmeFeature.interruptVector, 3).status).toBe(NvmeStatus.invalidField)
    driver.poke(NvmeRegister.configuration, 0)
    driver.enable()
    expect(get(driver, NvmeFeature.interruptVector, 0, 2).result).toBe(2)
  })

  it('are refused where they do not exist, are to be saved, or name a power state that is not there', () => {
    const { driver } = ready()

    expect(get(driver, 0x7f).status).toBe(NvmeStatus.invalidField)
    expect(set(driver, 0x7f, 0).status).toBe(NvmeStatus.invalidField)
    expect(get(driver, NvmeFeature.arbitration, 4).status).toBe(NvmeStatus.invalidField)
    expect(set(driver, NvmeFeature.powerManagement, 1).status).toBe(NvmeStatus.invalidField)
    expect(set(driver, 0x8000_0001, 0).status).toBe(NvmeStatus.featureNotSaveable)
  })
})

describe('log pages (5.14)', () => {
  it('tell of the last errors, the newest first (5.14.1.1)', () => {
    const { driver } = ready()
    driver.admin({ opcode: 0x7f })
    const { command } = driver.admin({ opcode: NvmeAdmin.identify, cdw10: 0x55, namespace: 9 })

    const { data } = driver.inPage({ opcode: NvmeAdmin.getLogPage, cdw10: 0x001f_0000 | NvmeLogPage.error })

    const second = NvmeErrorEntry.size
    expect(data.getBigUint64(NvmeErrorEntry.count, true)).toBe(2n)
    expect(data.getUint16(NvmeErrorEntry.submissionQueue, true)).toBe(0)
    expect(data.getUint16(NvmeErrorEntry.command, true)).toBe(command)
    expect((data.getUint16(NvmeErrorEntry.status, true) >>> 1) & 0x7ff).toBe(NvmeStatus.invalidField)
    expect(data.getBigUint64(second + NvmeErrorEntry.count, true)).toBe(1n)
    expect((data.getUint16(second + NvmeErrorEntry.status, true) >>> 1) & 0x7ff).toBe(NvmeStatus.invalidOpcode)
    expect(data.getBigUint64(2 * second, true)).toBe(0n)
  })

  it('keep the last 16 errors, however many there are', () => {
    const { driver } = ready()
    for (let count = 0; count < 40; count++) driver.admin({ opcode: 0x7f })

    const { data } = driver.inPage({ opcode: NvmeAdmin.getLogPage, cdw10: 0x00ff_0000 | NvmeLogPage.error })

    const counts = Array.from({ length: 16 }, (_, index) => data.getBigUint64(index * NvmeErrorEntry.size, true))
    expect(counts).toEqual(Array.from({ length: 16 }, (_, index) => 40n - BigInt(index)))
  })

  it('count commands and bytes (5.14.1.2)', () => {
    const { driver } = ready()
    driver.addQueues(1)
    const prp1 = driver.pages()
    driver.run(1, { opcode: NvmeIo.write, namespace: 1, prp1, cdw12: 7 })
    driver.run(1, { opcode: NvmeIo.read, namespace: 1, prp1, cdw12: 7 })
    driver.run(1, { opcode: NvmeIo.read, namespace: 1, prp1, cdw12: 7 })
    driver.run(1, { opcode: NvmeIo.read, namespace: 7, prp1 })

    const { data } = driver.inPage({ opcode: NvmeAdmin.getLogPage, cdw10: 0x007f_0000 | NvmeLogPage.health })

    const counters = [NvmeHealth.reads, NvmeHealth.writes, NvmeHealth.unitsRead, NvmeHealth.unitsWritten]
    expect(counters.map((at) => data.getBigUint64(at, true))).toEqual([2n, 1n, 1n, 1n])
    expect(data.getBigUint64(NvmeHealth.errors, true)).toBe(1n)
    expect(data.getUint16(NvmeHealth.temperature, true)).toBe(298)
    expect([data.getUint8(0), data.getUint8(NvmeHealth.spare)]).toEqual([0, 100])
  })

  it('tell the firmware (5.14.1.3), in parts where that is asked for (figure 90)', () => {
    const { driver } = ready()
    const opcode = NvmeAdmin.getLogPage
    const whole = driver.inPage({ opcode, cdw10: 0x007f_0000 | NvmeLogPage.firmware })

    const part = driver.inPage({ opcode, cdw10: 0x0001_0000 | NvmeLogPage.firmware, cdw12: 8 })
    const end = driver.inPage({ opcode, cdw10: 0x00ff_0000 | NvmeLogPage.firmware, cdw12: 508 })

    expect(whole.data.getUint8(NvmeFirmware.active)).toBe(1)
    expect(text(whole.data, { offset: NvmeFirmware.firstRevision, length: 8 })).toBe('1.0     ')
    expect(text(part.data, { offset: 0, length: 9 })).toBe('1.0     \0')
    expect(end.status).toBe(NvmeStatus.success)
  })

  test.each([
    ['an unknown page', { cdw10: 0x7f }, NvmeStatus.invalidLogPage],
    ['an offset past the end', { cdw10: 3, cdw12: 516 }, NvmeStatus.invalidField],
    ['an offset past all ends', { cdw10: 3, cdw13: 1 }, NvmeStatus.invalidField],
    ['an offset between words', { cdw10: 3, cdw12: 2 }, NvmeStatus.invalidField],
    ['more than a transfer has', { cdw10: 0xffff_0003, cdw11: 0xffff }, NvmeStatus.invalidField],
  ])('are refused for %s', (_, command, expected) => {
    const { driver } = ready()

    expect(driver.inPage({ opcode: NvmeAdmin.getLogPage, ...command }).status).toBe(expected)
  })
})

describe('Abort (5.1)', () => {
  it('completes a command that is under way as aborted, before itself', () => {
    const { driver, machine } = ready({ bytesPerSecond: 1_000_000 })
    driver.addQueues(1)
    const prp1 = driver.pages()
    const [first, second] = [0, 8].map((cdw10) => driver.put(1, { opcode: 2, namespace: 1, prp1, cdw10, cdw12: 7 }))
    driver.ring(1)
    machine.run({ until: machine.now })

    const { result } = driver.admin({ opcode: NvmeAdmin.abort, cdw10: ((second as number) << 16) | 1 })
    machine.run()
    const done = driver.take(1)

    expect(result).toBe(0)
    expect(done.map(({ command, status }) => [command, status])).toEqual([
      [second, NvmeStatus.abortRequested],
      [first, NvmeStatus.success],
    ])
    expect(done[0]?.retry).toBe(true)
  })

  test.each([
    ['a queue that is not there', 0x0001_0005],
    ['a queue past all', 0x0001_ffff],
    ['a command that is not there', 0x7777_0001],
    ['an admin command that is not there', 0x7777_0000],
  ])('leaves %s alone, and says so', (_, cdw10) => {
    const { driver } = ready()
    driver.addQueues(1)

    const { status, result } = driver.admin({ opcode: NvmeAdmin.abort, cdw10 })

    expect([status, result]).toEqual([NvmeStatus.success, 1])
  })

  it('takes back a request for events', () => {
    const { driver, machine } = ready()
    const waits = driver.put(0, { opcode: NvmeAdmin.asyncEventRequest })
    driver.ring(0)
    machine.run()

    driver.put(0, { opcode: NvmeAdmin.abort, cdw10: waits << 16 })
    driver.ring(0)
    machine.run()

    expect(driver.take(0).map(({ command, status }) => [command, status])).toEqual([
      [waits, NvmeStatus.abortRequested],
      [waits + 1, NvmeStatus.success],
    ])
  })
})

describe('Asynchronous Event Request (5.2)', () => {
  const wait = ({ driver, machine }: ReturnType<typeof ready>): number => {
    const id = driver.put(0, { opcode: NvmeAdmin.asyncEventRequest })
    driver.ring(0)
    machine.run()
    return id
  }

  it('waits until something happens: a doorbell of no queue (figure 48, 00h)', () => {
    const scene = ready()
    const { driver, machine } = scene
    const id = wait(scene)
    const before = driver.take(0)

    driver.poke(NvmeRegister.doorbells + 8 * 5, 1)
    machine.run()

    expect(before).toEqual([])
    expect(driver.take(0)).toMatchObject([{ command: id, status: 0, result: 0x0001_0000 }])
  })

  test.each([
    ['a tail outside of the queue', 0, 32],
    ['a head outside of the queue', 4, 999],
    ['a head past what was completed', 4, 20],
  ])('tells of %s (figure 48, 01h)', (_, offset, value) => {
    const scene = ready()
    const { driver, machine } = scene
    const id = wait(scene)

    driver.poke(NvmeRegister.doorbells + offset, value)
    machine.run()

    expect(driver.take(0)).toMatchObject([{ command: id, result: 0x0001_0100 }])
  })

  it('tells an event that came before it', () => {
    const scene = ready()
    scene.driver.poke(NvmeRegister.doorbells + 8 * 5, 1)

    const id = wait(scene)

    expect(scene.driver.take(0)).toMatchObject([{ command: id, result: 0x0001_0000 }])
  })

  it('tells no second event of a type until the log page was read', () => {
    const scene = ready()
    const { driver, machine } = scene
    const first = wait(scene)
    const second = wait(scene)

    driver.poke(NvmeRegister.doorbells + 8 * 5, 1)
    driver.poke(NvmeRegister.doorbells, 99)
    machine.run()
    const told = driver.take(0)
    const retained = driver.admin({ opcode: NvmeAdmin.getLogPage, cdw10: 0x8001, prp1: driver.pages() })
    driver.put(0, { opcode: NvmeAdmin.getLogPage, cdw10: 0x0001, prp1: driver.pages() })
    driver.ring(0)
    machine.run()

    expect(told).toMatchObject([{ command: first, result: 0x0001_0000 }])
    expect(retained.status).toBe(0)
    expect(driver.take(0).map(({ command, result }) => [command, result])).toContainEqual([second, 0x0001_0100])
  })

  it('takes no place of the completion queue while it waits', () => {
    const { driver, machine } = nvmeScene()
    driver.enable(4)
    for (let count = 0; count < 2; count++) {
      driver.put(0, { opcode: NvmeAdmin.asyncEventRequest })
      driver.ring(0)
      machine.run()
    }

    for (let count = 0; count < 3; count++) driver.put(0, { opcode: NvmeAdmin.abort, cdw10: 0x7777_0000 })
    driver.ring(0)
    machine.run()

    expect(driver.take(0)).toHaveLength(3)
  })

  it('completes when the guest has made a place for it', () => {
    const { driver, machine } = nvmeScene()
    driver.enable(4)
    const waits = driver.put(0, { opcode: NvmeAdmin.asyncEventRequest })
    driver.ring(0)
    machine.run()
    for (let count = 0; count < 3; count++) driver.put(0, { opcode: NvmeAdmin.abort, cdw10: 0x7777_0000 })
    driver.ring(0)
    machine.run()

    driver.poke(NvmeRegister.doorbells + 8 * 5, 1)
    machine.run()
    const first = driver.take(0)
    machine.run()

    expect(first).toHaveLength(3)
    expect(driver.take(0)).toMatchObject([{ command: waits, result: 0x0001_0000 }])
  })

  it('is refused when four wait (AERL)', () => {
    const scene = ready()
    for (let count = 0; count < 4; count++) wait(scene)

    wait(scene)

    expect(scene.driver.take(0)).toMatchObject([{ status: NvmeStatus.asyncEventLimitExceeded }])
  })

  it('notes as many events as there are kinds, however often they happen', () => {
    const scene = ready()
    const { driver, machine } = scene
    for (let count = 0; count < 1000; count++) driver.poke(NvmeRegister.doorbells + 8 * 5, count)
    const first = wait(scene)
    wait(scene)

    driver.put(0, { opcode: NvmeAdmin.getLogPage, cdw10: 1, prp1: driver.pages() })
    driver.ring(0)
    machine.run()

    expect(driver.take(0).map(({ command }) => command)).toEqual([first, first + 2])
  })
})

test('an opcode that is none is refused, and may not be tried again (figure 31)', () => {
  const { driver } = ready()

  expect(driver.admin({ opcode: 0xff })).toMatchObject({ status: NvmeStatus.invalidOpcode, retry: false })
})
