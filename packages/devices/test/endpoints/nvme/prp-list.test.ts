import { NvmeIo, NvmeStatus } from '@hostbridge/devices/endpoints'
import { describe, expect, it, test } from 'vitest'
import { nvmeScene, PAGE, type Scene } from './driver.ts'

function ready(): Scene {
  const scene = nvmeScene()
  scene.driver.enable()
  scene.driver.addQueues(1)
  return scene
}

function entries(...places: readonly number[]): Uint8Array {
  return new Uint8Array(BigUint64Array.from(places, BigInt).buffer)
}

/** A read of `pages` pages. */
function read({ driver }: Scene, prp1: number, prp2: number, pages: number): number {
  return driver.run(1, { opcode: NvmeIo.read, namespace: 1, prp1, prp2, cdw12: 8 * pages - 1 }).status
}

describe('PRP entries (NVM Express 1.3d, 4.3)', () => {
  test.each([1, 2, 3])('the first one begins at a word: not %d bytes behind it', (offset) => {
    const scene = ready()

    expect(read(scene, scene.driver.pages(2) + offset, 0, 1)).toBe(NvmeStatus.prpOffsetInvalid)
  })

  it('the second one is not looked at where the first page is enough', () => {
    const scene = ready()

    expect(read(scene, scene.driver.pages(), 0x123, 1)).toBe(NvmeStatus.success)
  })

  test.each([4, 8, 2048])('the second page begins with a page: not %d bytes behind it', (offset) => {
    const scene = ready()
    const pages = scene.driver.pages(3)

    expect(read(scene, pages, pages + PAGE + offset, 2)).toBe(NvmeStatus.prpOffsetInvalid)
  })

  test.each([4, 1])('a list begins at 8 bytes: not %d bytes behind them', (offset) => {
    const scene = ready()
    const pages = scene.driver.pages(4)

    expect(read(scene, pages, pages + PAGE + offset, 3)).toBe(NvmeStatus.prpOffsetInvalid)
  })

  it('an entry of a list is a page', () => {
    const scene = ready()
    const pages = scene.driver.pages(4)
    scene.driver.fill(pages + 3 * PAGE, entries(pages, pages + 8))

    expect(read(scene, pages, pages + 3 * PAGE, 3)).toBe(NvmeStatus.prpOffsetInvalid)
  })

  it('the last entry of a page of a list leads to data where no more are needed', () => {
    const scene = ready()
    const pages = scene.driver.pages(5)
    scene.driver.fill(pages + 4 * PAGE - 16, entries(pages + PAGE, pages + 2 * PAGE))

    expect(read(scene, pages, pages + 4 * PAGE - 16, 3)).toBe(NvmeStatus.success)
  })

  it('the last entry of a page of a list leads to a page of the list where more are needed', () => {
    const scene = ready()
    const pages = scene.driver.pages(6)
    const [list, next] = [pages + 4 * PAGE, pages + 5 * PAGE]
    scene.driver.fill(list + PAGE - 16, entries(pages + PAGE, next))
    scene.driver.fill(next, entries(pages + 2 * PAGE, pages + 3 * PAGE))

    expect(read(scene, pages, list + PAGE - 16, 4)).toBe(NvmeStatus.success)
  })

  it('a page of a list that follows begins with a page', () => {
    const scene = ready()
    const pages = scene.driver.pages(5)
    scene.driver.fill(pages + 4 * PAGE - 16, entries(pages + PAGE, pages + 8))

    expect(read(scene, pages, pages + 4 * PAGE - 16, 4)).toBe(NvmeStatus.prpOffsetInvalid)
  })

  it('a list that cannot be read fails with its address as a fault', () => {
    const scene = ready()
    const pages = scene.driver.pages(5)
    scene.driver.revoke(pages + 4 * PAGE)

    expect(read(scene, pages, pages + 4 * PAGE, 3)).toBe(NvmeStatus.dataTransferError)
    expect(scene.nvme.faults.last).toMatchObject({ access: 'read', iova: BigInt(pages + 4 * PAGE) })
  })

  it('a list that leads back into itself ends with the transfer', () => {
    const scene = ready()
    const pages = scene.driver.pages(2)
    const list = pages + PAGE
    scene.driver.fill(list, entries(...new Array(512).fill(list)))

    const status = read(scene, pages, list + PAGE - 8, 128)

    expect(status).toBe(NvmeStatus.success)
  })

  it('addresses up to the last of 64 bits are faults like others', () => {
    const scene = ready()
    const pages = scene.driver.pages(2)
    const last = new Uint8Array(8).fill(0xff)
    last[0] = 0
    last[1] = 0xf0
    const list = new Uint8Array(16)
    list.set(last, 0)
    list.set(entries(pages), 8)
    scene.driver.fill(pages + PAGE, list)

    expect(read(scene, pages, pages + PAGE, 3)).toBe(NvmeStatus.dataTransferError)
    expect(scene.nvme.faults.last?.iova).toBe(0xffff_ffff_ffff_f000n)
  })
})
