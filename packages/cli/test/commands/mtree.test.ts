import { expect, test } from 'vitest'
import { command } from '../command.ts'

test('the memory tree and the flat views of a scenario are printed', () => {
  const { status, stdout } = command('mtree', 'full-address-space')

  expect(status).toBe(0)
  expect(stdout).toMatchInlineSnapshot(`
    "address space memory
      0000000000000000-ffffffffffffffff      16 EiB  container system
        0000000000000000-000000003fffffff       1 GiB  ram       ram

    address space dma
      0000000000000000-ffffffffffffffff      16 EiB  iommu     iommu

    flat view of memory
      0000000000000000-000000003fffffff       1 GiB  ram        ram

    flat view of dma
      0000000000000000-ffffffffffffffff      16 EiB  iommu      iommu
    "
  `)
})

test('with --json the flat views are plain data', () => {
  const { stdout } = command('mtree', 'full-address-space', '--json')

  const { spaces } = JSON.parse(stdout) as { spaces: { name: string; ranges: object[] }[] }
  expect(spaces.map(({ name }) => name)).toEqual(['memory', 'dma'])
  expect(spaces[1]?.ranges).toEqual([
    { start: '0x0', last: '0xffffffffffffffff', kind: 'iommu', region: 'iommu', offset: '0x0', readonly: false },
  ])
})
