import { expect, test } from 'vitest'
import { main } from '../enumerate-a-bus.ts'

test('firmware finds every function, and each answers where it has put its BAR', () => {
  const lines: string[] = []

  const result = main((line) => lines.push(line))

  expect(result).toEqual({ functions: 8, buses: 4, answered: 3 })
  expect(lines.join('\n')).toMatchInlineSnapshot(`
    "00:01.0 1b36:0005 class 00ff00
            BAR 0: memory32 at 0x10400000, 4 KiB
            BAR 1: io at 0x2000, 256 B
    00:02.0 1b36:000c class 060400, leads to bus 01 of 01
            capabilities: powerManagement at 0x40, msi at 0x48, express at 0x60
    01:00.0 1234:11e8 class 00ff00
            BAR 0: memory32 at 0x10300000, 1 MiB
            capabilities: msi at 0x40
    00:03.0 1b36:0001 class 060400, leads to bus 02 of 03
    02:04.0 1b36:0005 class 00ff00
            BAR 0: memory32 at 0x10200000, 4 KiB
            BAR 1: io at 0x1000, 256 B
    02:04.1 1234:11e8 class 00ff00
            BAR 0: memory32 at 0x10000000, 1 MiB
            capabilities: msi at 0x40
    02:05.0 1b36:0001 class 060400, leads to bus 03 of 03
    03:06.0 1234:11e8 class 00ff00
            BAR 0: memory32 at 0x10100000, 1 MiB
            capabilities: msi at 0x40

    8 functions on 4 buses; 3 edu devices answer where their BARs are."
  `)
})
