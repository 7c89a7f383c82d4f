import { expect, test } from 'vitest'
import { type AccessWorld, dmaWorld, mmioWorld, ramWorld } from '../../src/suites/memory-worlds.ts'

const pair = new Uint32Array(2)

function word({ space }: AccessWorld, address: bigint): number {
  space.loadWords(address, pair)
  return pair[0] as number
}

test.each([
  ['registers', () => mmioWorld(16), ({ space }: AccessWorld, address: bigint) => space.load32(address)],
  ['memory', () => ramWorld(), word],
  ['memory behind an IOMMU', () => dmaWorld(), word],
] as const)('%s give the same with the emulation and without', (_, make, load) => {
  const world = make()
  for (const [index, place] of world.places.entries()) world.bytes.fill((index * 7) % 251, place, place + 4096)

  const sum = world.addresses.reduce((sum, address) => (sum + load(world, address)) | 0, 0)

  expect(world.bare(world.addresses.length)).toBe(sum)
  expect(sum).not.toBe(0)
})
