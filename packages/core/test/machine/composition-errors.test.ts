import { expect, test } from 'vitest'
import { Machine } from '../../src/machine/index.ts'
import { mmio, ram } from '../../src/memory/index.ts'

test('an overlap in system memory shows the map around it', () => {
  const machine = new Machine('pc')
  const ops = { read: () => 0, write() {} }
  machine.map(0n, ram('low', 0x20_0000n))
  machine.map(0x20_0000n, mmio('uart', 0x1000n, ops))

  expect(() => machine.map(0x20_0800n, mmio('timer', 0x1000n, ops))).toThrowErrorMatchingInlineSnapshot(`
    [HostbridgeError: 'timer' at [0x200800, 0x2017ff] overlaps 'uart' at [0x200000, 0x200fff] in machine 'pc': move one of them, or give the one to be seen a higher priority
      'memory' around 0x200800:
        0000000000000000-00000000001fffff       2 MiB  ram 'low'
      > 0000000000200000-0000000000200fff       4 KiB  mmio 'uart'
      > 0000000000201000-ffffffffffffffff   ~16.0 EiB  nothing]
  `)
})
