import { expect, test } from 'vitest'
import { main } from '../hotplug-onto-existing-mappings.ts'

test('without replay the DMA of a hotplugged device faults, with replay it works', () => {
  const lines: string[] = []

  const works = main((line) => lines.push(line))

  expect(works).toEqual({ without: false, with: true })
  expect(lines.join('\n')).toMatchInlineSnapshot(`
    "The guest maps 16 pages at IOVA 0x100000; 1 ms later a VFIO device is hotplugged.

    Without replay: 0 mappings, 0 bytes reached the host's IOMMU.
      The device writes 2 bytes at 0x100000: fault at IOVA 0x100000, 'host 01:00.0 dma' has no mapping at 0x100000.

    With replay: 16 mappings, 65536 bytes reached the host's IOMMU.
      The device writes 2 bytes at 0x100000: done."
  `)
})
