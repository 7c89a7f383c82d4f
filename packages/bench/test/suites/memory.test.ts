import { describe, expect, test } from 'vitest'
import { memorySuite } from '../../src/suites/memory.ts'

describe('a case of the memory suite', () => {
  test.each(['mmio/16', 'mmio-write/16'])('%s finds an answer at every address', async (name) => {
    const open = await memorySuite.open(name)

    expect(() => open?.check?.()).toThrow('not ok')
    await open?.run()

    expect(() => open?.check?.()).not.toThrow()
  })

  test.each(['mmio/0', 'mmio', 'mmio/x', 'ram/4', 'dma'])('%s does not exist', (name) => {
    expect(memorySuite.open(name)).toBeUndefined()
  })
})

test('a page through the IOMMU is the page that the plain copy copies', async () => {
  const { dmaWorld } = await import('../../src/suites/memory-worlds.ts')
  const { space, pageAddresses, bytes, places } = dmaWorld()
  const into = new Uint8Array(4096)

  const results = pageAddresses.map((address, index) => {
    space.read(address, into)
    const place = places[index] as number
    return Buffer.compare(into, bytes.subarray(place, place + 4096))
  })

  expect(results.every((difference) => difference === 0)).toBe(true)
})
