import { KiB, MiB } from '@hostbridge/core/address'
import { runMeta } from '@hostbridge/core/iommu'
import { container, MemorySystem, Permission, type Translation } from '@hostbridge/core/memory'
import { HostTable, Type1Iommu, type Type1Options } from '@hostbridge/devices/vfio'
import { describe, expect, test } from 'vitest'
import { RefusedFrames } from '../../src/vfio/refused-frames.ts'
import { RunBuffer } from '../../src/vfio/run-buffer.ts'
import { bytesOf, runsOf } from './page-table.ts'

const space = new MemorySystem('host').createSpace('memory', container('root'))
const RW = Permission.readWrite

function tableOf(options: Type1Options): HostTable {
  return new HostTable(new Type1Iommu(options), space)
}

/** Replaces pages by one stretch and gives what was refused: `code first-frame+frames`. */
function replace(table: HostTable, iova: number, frames: number, target: number, shift = 12): string[] {
  const pieces = new RunBuffer()
  const refused = new RefusedFrames()
  pieces.push(iova, frames, target, runMeta(RW, shift))
  table.replace(iova, frames, pieces, refused)
  return named(refused)
}

function remove(table: HostTable, iova: number, frames: number): string[] {
  const refused = new RefusedFrames()
  table.remove(iova, frames, refused)
  return named(refused)
}

function named(refused: RefusedFrames): string[] {
  return refused.take(() => '').map(({ iova, size, code }) => `${code} ${iova / 4096n}+${size / 4096n}`)
}

describe('HostTable', () => {
  test('leads into the host’s memory', () => {
    const table = tableOf({})
    replace(table, 5, 1, 9)
    const out: Translation = { permission: 0, frame: 0, shift: 0, target: undefined }

    table.translate(5, Permission.read, out)

    expect(out).toEqual({ permission: RW, frame: 9, shift: 12, target: space })
  })

  test('knows which of the host’s pages its entries lead to', () => {
    const table = tableOf({})
    replace(table, 5, 3, 100)
    replace(table, 1000, 1, 50)

    const found = [49, 50, 51, 99, 100, 102, 103].filter((frame) => table.leadsTo(frame, 1))

    expect(found).toEqual([50, 100, 102])
    expect([table.leadsTo(51, 49), table.leadsTo(51, 50), table.leadsTo(0, 50)]).toEqual([false, true, false])
  })

  test('takes exactly as many entries as its limit (DM-5)', () => {
    const table = tableOf({ maxEntries: 3 })

    expect(replace(table, 0, 3, 0)).toEqual([])
    expect(replace(table, 8, 1, 0)).toEqual(['limit 8+1'])
    expect(table.entries).toBe(3)
  })

  test('refuses what lies behind the first entries that fit, and keeps nothing of the change', () => {
    const table = tableOf({ maxEntries: 5 })
    replace(table, 0, 2, 0)
    const before = bytesOf(table.table)

    expect(replace(table, 10, 5, 0)).toEqual(['limit 13+2'])
    expect(bytesOf(table.table)).toEqual(before)
  })

  test('counts the entries that a replacement frees', () => {
    const table = tableOf({ maxEntries: 2 })
    replace(table, 0, 2, 0)

    expect(replace(table, 0, 2, 100)).toEqual([])
    expect(runsOf(table)).toEqual(['0+2>64 3/12'])
  })

  test('cuts a large page that is replaced in part, if the pieces fit', () => {
    const roomy = tableOf({ pageSizes: [4n * KiB, 2n * MiB], maxEntries: 512 })
    const tight = tableOf({ pageSizes: [4n * KiB, 2n * MiB], maxEntries: 511 })
    for (const table of [roomy, tight]) replace(table, 0, 512, 0, 21)
    const before = bytesOf(tight.table)

    expect(replace(roomy, 7, 1, 5000)).toEqual([])
    expect(roomy.entries).toBe(512)
    expect(replace(tight, 7, 1, 5000)).toEqual(['limit 7+1'])
    expect(bytesOf(tight.table)).toEqual(before)
  })

  test('names what is replaced once, where cutting around it is already too much', () => {
    const table = tableOf({ pageSizes: [4n * KiB, 2n * MiB], maxEntries: 500 })
    replace(table, 0, 512, 0, 21)

    expect(replace(table, 7, 1, 5000)).toEqual(['limit 7+1'])
  })

  test('cuts a large page that is unmapped in part, if the pieces fit (hazard 10)', () => {
    const roomy = tableOf({ pageSizes: [4n * KiB, 2n * MiB], maxEntries: 511 })
    const tight = tableOf({ pageSizes: [4n * KiB, 2n * MiB], maxEntries: 510 })
    for (const table of [roomy, tight]) replace(table, 0, 512, 0, 21)

    expect(remove(roomy, 7, 1)).toEqual([])
    expect(roomy.entries).toBe(511)
    expect(remove(tight, 7, 1)).toEqual(['limit 7+1'])
    expect(tight.entries).toBe(1)
  })

  test('keeps all of a large page whose pieces are too many to unmap a part of it', () => {
    const table = tableOf({ pageSizes: [4n * KiB, 2n * MiB], maxEntries: 400 })
    replace(table, 0, 512, 512, 21)

    expect(remove(table, 7, 1)).toEqual(['limit 7+1'])

    expect(runsOf(table)).toEqual(['0+200>200 3/21'])
    expect(table.unmaps).toBe(0)
  })

  test('does not unmap a part of its smallest page (DM-2)', () => {
    const table = tableOf({ pageSizes: [64n * KiB] })
    replace(table, 16, 16, 16, 16)

    expect(remove(table, 17, 2)).toEqual(['page-size 17+2'])
    expect(remove(table, 0, 17)).toEqual(['page-size 16+1'])
    expect(remove(table, 33, 2)).toEqual([])
    expect(table.entries).toBe(1)
  })

  test('unmaps nothing where an end would cut its smallest page, whatever is between', () => {
    const table = tableOf({ pageSizes: [64n * KiB] })
    replace(table, 0, 48, 0, 16)

    expect(remove(table, 8, 32)).toEqual(['page-size 8+8', 'page-size 32+8'])
    expect([table.entries, table.unmaps]).toEqual([3, 0])
  })

  test('unmaps mappings and holes, up to the whole space, and counts when something went (DM-2, VN-5)', () => {
    const table = tableOf({})
    replace(table, 3, 1, 0)
    replace(table, 2 ** 52 - 1, 1, 0)

    remove(table, 0, 2)
    remove(table, 0, 2 ** 52)
    remove(table, 0, 2 ** 52)

    expect(table.entries).toBe(0)
    expect(table.unmaps).toBe(1)
  })

  test('refuses what its own memory cannot hold, and keeps nothing of it', () => {
    const table = tableOf({ maxTableBytes: 64 * 1024 })
    const pieces = new RunBuffer()
    const refused = new RefusedFrames()
    for (let index = 0; index < 64; index++) pieces.push(index * 2 ** 40, 1, 0, runMeta(RW, 12))

    table.replace(0, 2 ** 47, pieces, refused)

    expect(refused.take(() => '').map(({ code }) => code)).toContain('host-memory')
    expect(table.entries).toBe(0)
  })
})
