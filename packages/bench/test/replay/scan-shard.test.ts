import { LinearTable, RUN_LANES } from '@hostbridge/core/iommu'
import { describe, expect, test } from 'vitest'
import { openRuns } from '../../src/replay/open-runs.ts'
import { scanShard } from '../../src/replay/scan-shard.ts'
import { listed } from './scene.ts'

const RW = 3 | (12 << 2)

describe('scanShard', () => {
  test('leaves the runs of the shard in the slot', () => {
    const table = new LinearTable({ entries: 1024, pageShift: 12 })
    for (const index of [3, 4, 900]) table.put(index, BigInt(index) * 4096n + 3n)
    const slot = new Float64Array(3 * RUN_LANES)

    const result = scanShard(openRuns(table.source()), { first: 4, last: 1000 }, slot)

    expect(result).toEqual({ count: 2, resume: 1001 })
    expect(listed(slot, 2)).toEqual([
      [4, 1, 4, RW],
      [900, 1, 900, RW],
    ])
  })

  test('stops where the slot is full, and says where to go on', () => {
    const table = new LinearTable({ entries: 1024, pageShift: 12 })
    for (let index = 0; index < 1024; index += 2) table.put(index, 3n)
    const slot = new Float64Array(10 * RUN_LANES)

    const result = scanShard(openRuns(table.source()), { first: 0, last: 1023 }, slot)

    expect(result).toEqual({ count: 10, resume: 19 })
  })
})
