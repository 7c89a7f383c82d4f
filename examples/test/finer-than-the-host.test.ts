import { expect, test } from 'vitest'
import { main } from '../finer-than-the-host.ts'

test('mappings below the host page size are refused by name, and nothing of the plug is left', () => {
  const lines: string[] = []

  const { refused, entries } = main((line) => lines.push(line))

  expect({ refused, entries }).toEqual({ refused: 2, entries: 0 })
  expect(lines.join('\n')).toMatchInlineSnapshot(`
    "plugging 'vfio dma-engine' was refused:
      [0x1000, 0x1fff] (0x1000 bytes): it fills no page of the host, which has pages of 64 KiB, 16 MiB [page-size]
      [0x8000, 0x8fff] (0x1000 bytes): it fills no page of the host, which has pages of 64 KiB, 16 MiB [page-size]
      'phb0-dma' around 0x1000:
      > 0000000000000000-000000003fffffff       1 GiB  iommu 'tce-0x80000000'
        0000000040000000-000003ffffffffff    4095 GiB  nothing

    The device is not plugged, and the host's IOMMU holds 0 entries."
  `)
})
