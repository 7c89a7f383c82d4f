import { expect, test } from 'vitest'
import { FaultLog } from '../../src/machine/fault-log.ts'

test('a fault log keeps the last 1024 faults', () => {
  const log = new FaultLog()

  for (let page = 0n; page < 2000n; page++) {
    log.record({ requester: 8, iova: page * 0x1000n, access: 'read', reason: 'not mapped', time: page })
  }

  const kept = [...log]
  expect([log.total, kept.length]).toEqual([2000, 1024])
  expect([kept[0]?.iova, kept.at(-1)?.iova]).toEqual([976n * 0x1000n, 1999n * 0x1000n])
})
