import { VioTable } from '@hostbridge/devices/spapr'
import { expect, it } from 'vitest'

it('a virtual I/O device is found by its unit until it leaves', () => {
  const table = new VioTable()
  const [one, two] = [1, 2].map((unit) => ({ unit, setBypass: () => {} })) as [never, never]
  const leave = table.add(one)
  table.add(two)

  const found = [table.find(1), table.find(2), table.find(3)]
  leave()

  expect(found).toEqual([one, two, undefined])
  expect([table.find(1), table.find(2)]).toEqual([undefined, two])
})
