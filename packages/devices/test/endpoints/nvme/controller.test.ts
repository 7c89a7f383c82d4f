import { isDeepStrictEqual } from 'node:util'
import { memoryFingerprint, restoreSnapshot, takeSnapshot } from '@hostbridge/core/snapshot'
import { NvmeAdmin, NvmeController, NvmeIo, NvmeRegister, RamBacking } from '@hostbridge/devices/endpoints'
import { Header } from '@hostbridge/devices/pci'
import { describe, expect, it, test } from 'vitest'
import { nvmeScene, PAGE, type Scene } from './driver.ts'

/** A machine with writes and reads under way on two queues, and a request for events that waits. */
function busyScene(): Scene {
  const scene = nvmeScene({ bytesPerSecond: 100_000_000, outstanding: 5, latency: 3_000n })
  const { driver, machine } = scene
  driver.useMsix()
  driver.enable()
  driver.addQueues(1)
  driver.addQueues(2, 4)
  driver.put(0, { opcode: NvmeAdmin.asyncEventRequest })
  driver.ring(0)
  machine.run()
  const prp1 = driver.pages(2)
  driver.fill(
    prp1,
    Uint8Array.from({ length: 2 * PAGE }, (_, index) => index % 251),
  )
  for (let count = 0; count < 7; count++) {
    const opcode = count % 3 === 2 ? NvmeIo.read : NvmeIo.write
    driver.put(1, { opcode, namespace: 1, prp1: prp1 + 4 * count, prp2: prp1 + PAGE, cdw10: 200 * count, cdw12: count })
  }
  for (let count = 0; count < 3; count++) driver.put(2, { opcode: NvmeIo.write, namespace: 1, prp1, cdw10: count })
  driver.ring(1)
  driver.ring(2)
  driver.put(0, { opcode: NvmeAdmin.identify, cdw10: 1, prp1 })
  const mistake = machine.event('mistake', () => driver.poke(NvmeRegister.doorbells + 8 * 7, 1))
  const ring = machine.event('ring', () => driver.ring(0))
  machine.queue.schedule(mistake, machine.queue.now + 50_000)
  machine.queue.schedule(ring, machine.queue.now + 61_000)
  return scene
}

describe('an NVMe controller', () => {
  it('is a mass storage controller for NVM Express, with one BAR of 64 bits and MSI-X (NVM Express 1.3d, 2.1)', () => {
    const nvme = new NvmeController({ namespaces: [{ backing: new RamBacking(4096) }], queues: 64, doorbellStride: 1 })

    expect(nvme.config.get(Header.classCode)).toBe(0x01_0802)
    expect([...nvme.bars.all.values()].map(({ kind, size }) => [kind, size])).toEqual([['memory64', 0x4000n]])
    expect(nvme.msix?.vectors).toBe(65)
  })

  it('saved before any event and restored goes on as if nothing had happened', () => {
    const count = ({ machine }: Scene): number => {
      let events = 0
      while (machine.queue.serviceOne() !== undefined) events++
      return events
    }
    const whole = busyScene()
    const events = count(whole)
    const end = whole.machine.save()
    const memory = memoryFingerprint(whole.machine)

    for (let before = 0; before <= events; before++) {
      const first = busyScene()
      for (let served = 0; served < before; served++) first.machine.queue.serviceOne()
      const second = busyScene()
      restoreSnapshot(second.machine, takeSnapshot(first.machine))
      while (second.machine.queue.serviceOne() !== undefined);

      expect(isDeepStrictEqual(second.machine.save(), end)).toBe(true)
      expect(memoryFingerprint(second.machine)).toBe(memory)
    }
    expect(events).toBeGreaterThan(10)
  })

  test.each([
    [{ namespaces: [] }, 'nvme.option'],
    [{ queues: 0 }, 'nvme.option'],
    [{ queues: 65 }, 'nvme.option'],
    [{ entries: 1 }, 'nvme.option'],
    [{ entries: 4097 }, 'nvme.option'],
    [{ doorbellStride: 11 }, 'nvme.option'],
    [{ maxTransferShift: 1.5 }, 'nvme.option'],
    [{ latency: 0n }, 'nvme.option'],
    [{ bytesPerSecond: 0 }, 'nvme.option'],
    [{ outstanding: 0 }, 'nvme.option'],
    [{ serial: '' }, 'nvme.option'],
    [{ namespaces: [{ backing: new RamBacking(511) }] }, 'nvme.namespace-size'],
  ])('cannot be made with %o', (options, code) => {
    const make = () => new NvmeController({ namespaces: [{ backing: new RamBacking(4096) }], ...options })

    expect(make).toThrow(expect.objectContaining({ code }))
  })
})
