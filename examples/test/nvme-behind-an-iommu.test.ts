import { expect, test } from 'vitest'
import { main } from '../nvme-behind-an-iommu.ts'

test('files are written and read back through TCEs, and a page without one is out of reach', () => {
  const lines: string[] = []

  const { alike, errors, faults, hostGigabytesPerSecond } = main((line) => lines.push(line))

  expect({ alike, errors, faults }).toEqual({ alike: 3, errors: [4], faults: 1 })
  expect(hostGigabytesPerSecond).toBeGreaterThan(0)
  expect(lines.join('\n')).toMatchInlineSnapshot(`
    "motd: 512 bytes, commands: 1, written at 25 MB/s, read at 25 MB/s, the same bytes
    kernel: 1000448 bytes, commands: 8, written at 3008 MB/s, read at 3008 MB/s, the same bytes
    initrd: 8388608 bytes, commands: 64, written at 3152 MB/s, read at 3152 MB/s, the same bytes
    146 interrupts, 0 faults

    Without the TCE of the sixth page the read fails: status 4, data transfer error;
    fault at IOVA 0x105000, 'tce-0x80000000' has no mapping at 0x105000."
  `)
})
