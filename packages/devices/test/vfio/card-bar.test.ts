import { KiB, MiB } from '@hostbridge/core/address'
import { Machine } from '@hostbridge/core/machine'
import { MemTx, ram } from '@hostbridge/core/memory'
import { restoreSnapshot, takeSnapshot } from '@hostbridge/core/snapshot'
import {
  Edu,
  EduDevice,
  NvmeController,
  NvmeIo,
  NvmeRegister,
  NvmeStatus,
  RamBacking,
} from '@hostbridge/devices/endpoints'
import { CapabilityId, type PciDevice } from '@hostbridge/devices/pci'
import { SpaprHostBridge } from '@hostbridge/devices/spapr'
import { Host, Type1Iommu, VfioPciDevice } from '@hostbridge/devices/vfio'
import { describe, expect, it } from 'vitest'
import { FIRST_INTERRUPT, NvmeDriver, PAGE } from '../endpoints/nvme/driver.ts'

function passedThrough<C extends PciDevice>(make: () => C) {
  const host = new Host({ iommu: new Type1Iommu({ pageSizes: [4n * KiB, 2n * MiB] }) })
  const card = host.plug('0000:01:00.0', make())
  const machine = new Machine('pseries')
  machine.map(0n, ram('ram', 64n * MiB))
  const phb = machine.plug(new SpaprHostBridge({ index: 0 }))
  const vfio = phb.plug('00:01.0', new VfioPciDevice(card))
  return { host, card, machine, phb, vfio }
}

function nvmeScene() {
  const scene = passedThrough(() => new NvmeController({ namespaces: [{ backing: new RamBacking(1 << 20) }] }))
  return { ...scene, driver: new NvmeDriver(scene.machine, scene.phb, scene.vfio) }
}

describe('the registers of a passed-through card', () => {
  it('appear where the guest points its BARs, of the same kinds and sizes (CT-8)', () => {
    const { driver, vfio, card } = nvmeScene()

    expect([...vfio.bars.all].map(([index, { kind, size }]) => [index, kind, size])).toEqual(
      [...card.bars.all].map(([index, { kind, size }]) => [index, kind, size]),
    )
    expect(driver.peek(NvmeRegister.version)).toBe(0x0001_0300)
  })

  it('take accesses of their own sizes: what the card refuses is refused', () => {
    const { machine, vfio } = passedThrough(() => new EduDevice())
    vfio.config.write(0x10, 4, 0x9000_0000)
    vfio.config.write(0x04, 2, 2)
    const at = (offset: number): bigint => 0x2000_9000_0000n + BigInt(offset)
    const { space } = machine

    space.store32(at(Edu.liveness), 0x1234_5678, 'little')
    space.store64(at(Edu.dmaSource), 0x1122_3344_5566_7788n, 'little')

    expect(space.load32(at(Edu.liveness), 'little')).toBe(~0x1234_5678 >>> 0)
    expect(space.load64(at(Edu.dmaSource), 'little')).toBe(0x1122_3344_5566_7788n)
    expect(space.load32(at(Edu.identification), 'little')).toBe(0x0100_00ed)
    space.load8(at(Edu.identification))
    expect(space.loadResult).toBe(MemTx.decodeError)
    expect([space.store8(at(Edu.liveness), 1), space.store16(at(Edu.liveness), 1)]).toEqual([
      MemTx.decodeError,
      MemTx.decodeError,
    ])
  })

  it('are gone with the card, and there again in the next guest', () => {
    const { host, card, phb, vfio } = nvmeScene()
    phb.unplug(vfio)

    const machine = new Machine('next')
    machine.map(0n, ram('ram', 64n * MiB))
    const next = machine.plug(new SpaprHostBridge({ index: 0 }))
    const driver = new NvmeDriver(machine, next, next.plug('00:02.0', new VfioPciDevice(card)))

    expect(driver.enable()).toBe(1)
    expect(host.containers).toHaveLength(1)
  })
})

describe('the capabilities of a passed-through card', () => {
  it('are a chain with the same places, read and written in the card', () => {
    const { vfio, card } = nvmeScene()
    const at = vfio.capabilities.find(CapabilityId.msix)?.offset as number

    vfio.config.write(at + 2, 2, 0xc000)

    expect(vfio.capabilities.entries).toEqual(card.capabilities.entries)
    expect(vfio.config.read(0x34, 1)).toBe(card.config.read(0x34, 1))
    expect(vfio.config.read(0x06, 2) & 0x10).toBe(0x10)
    expect(vfio.config.read(at, 4)).toBe(card.config.read(at, 4))
    expect(card.msix?.enabled).toBe(true)
  })
})

describe('an NVMe disk that is passed through', () => {
  it("moves the guest's data through the host's table, with the guest's interrupts", () => {
    const { driver, card, host, vfio } = nvmeScene()
    driver.useMsix()
    const enabled = driver.enable()
    driver.addQueues(1)
    const [from, to] = [driver.pages(2), driver.pages(2)]
    const bytes = Uint8Array.from({ length: 2 * PAGE }, (_, index) => (index * 31) & 0xff)
    driver.fill(from, bytes)
    driver.interrupts.length = 0

    const written = driver.run(1, { opcode: NvmeIo.write, namespace: 1, prp1: from, prp2: from + PAGE, cdw12: 15 })
    const read = driver.run(1, { opcode: NvmeIo.read, namespace: 1, prp1: to, prp2: to + PAGE, cdw12: 15 })

    expect([enabled, written.status, read.status]).toEqual([1, 0, 0])
    expect(driver.look(to, 2 * PAGE)).toEqual(bytes)
    expect(driver.interrupts).toEqual([FIRST_INTERRUPT + 1, FIRST_INTERRUPT + 1])
    expect(host.entries).toBeGreaterThan(0)
    expect([card.faults.total, vfio.slot?.requester]).toEqual([0, 8])
  })

  it("faults where the host's table has nothing, as the card's own (PC-5)", () => {
    const { driver, card } = nvmeScene()
    driver.enable()
    driver.addQueues(1)
    const page = driver.pages()
    driver.revoke(page)

    const { status } = driver.run(1, { opcode: NvmeIo.read, namespace: 1, prp1: page })

    expect(status).toBe(NvmeStatus.dataTransferError)
    expect(card.faults.last).toMatchObject({ requester: 0x100, iova: BigInt(page) })
  })

  it('is saved and restored with commands under way', () => {
    const make = () => {
      const scene = nvmeScene()
      const { driver } = scene
      driver.useMsix()
      driver.enable()
      driver.addQueues(1)
      const prp1 = driver.pages()
      driver.fill(prp1, new Uint8Array(PAGE).fill(9))
      for (let count = 0; count < 3; count++) driver.put(1, { opcode: NvmeIo.write, namespace: 1, prp1, cdw12: 7 })
      return scene
    }
    const [first, second] = [make(), make()]
    first.driver.ring(1)

    restoreSnapshot(second.machine, takeSnapshot(first.machine))
    second.machine.run()

    expect(second.driver.take(1).map(({ status }) => status)).toEqual([0, 0, 0])
    expect(second.card.faults.total).toBe(0)
  })

  it('is reset with its guest', () => {
    const { driver, machine, phb, vfio } = nvmeScene()
    driver.enable()

    machine.reset()

    const again = new NvmeDriver(machine, phb, vfio)
    expect(again.peek(NvmeRegister.status)).toBe(0)
    expect(again.peek(NvmeRegister.adminQueueAttributes)).toBe(0)
  })
})
