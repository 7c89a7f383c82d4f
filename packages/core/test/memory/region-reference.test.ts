import { expect, test } from 'vitest'
import { ownershipOf, ram } from '../../src/memory/index.ts'

test('a hold ends once: a second release throws, a block that ends does not (MR-14)', () => {
  const owner = { name: 'card' }
  const region = ram('bar', 0x1000n).ownedBy(owner)
  const other = region.retain()
  {
    using hold = region.retain()

    hold.release()

    expect(() => hold.release()).toThrow("a hold on 'bar' cannot end twice")
    expect(hold.held).toBe(false)
  }
  expect([other.held, ownershipOf(owner).references]).toEqual([true, 1])
})
