import { mkdtemp, readFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
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

test('with --json the tree and each distinct view are there too', () => {
  const { stdout } = command('mtree', 'full-address-space', '--json')

  const { trees, views } = JSON.parse(stdout) as { trees: { root: { name: string } }[]; views: { root: string }[] }
  expect(trees.map(({ root }) => root.name)).toEqual(['system', 'iommu'])
  expect(views.map(({ root }) => root)).toEqual(['ram', 'iommu'])
})

test("with --qemu everything is printed as QEMU's monitor does (PI-3, PI-4)", () => {
  const { stdout } = command('mtree', 'full-address-space', '--qemu')

  expect(stdout).toMatchInlineSnapshot(`
    "address-space: memory
      0000000000000000-ffffffffffffffff (prio 0, i/o): system
        0000000000000000-000000003fffffff (prio 0, ram): ram

    address-space: dma
      0000000000000000-ffffffffffffffff (prio 0, i/o): iommu

    FlatView #0
     AS "memory", root: system
     Root memory region: ram
      0000000000000000-000000003fffffff (prio 0, ram): ram

    FlatView #1
     AS "dma", root: iommu
     Root memory region: iommu
      0000000000000000-ffffffffffffffff (prio 0, i/o): iommu
    "
  `)
})

test('with --svg an address space is drawn into a file', async () => {
  const file = join(await mkdtemp(join(tmpdir(), 'hostbridge-')), 'map.svg')

  const { status, stdout } = command('mtree', 'full-address-space', '--svg', file, '--space', 'dma', '--json')

  expect(status).toBe(0)
  expect((JSON.parse(stdout) as { picture: object }).picture).toEqual({ file, space: 'dma' })
  expect(await readFile(file, 'utf8')).toContain('address space dma')
})

test('an address space that is not there, and a file that cannot be written, are named', () => {
  const wrongSpace = command('mtree', 'full-address-space', '--space', 'nowhere')
  const wrongFile = command('mtree', 'full-address-space', '--svg', '/dev/null/map.svg')

  expect(wrongSpace.status).not.toBe(0)
  expect(wrongSpace.stderr).toContain("has no address space 'nowhere': take one of memory, dma")
  expect(wrongFile.status).not.toBe(0)
  expect(wrongFile.stderr).toContain('/dev/null/map.svg cannot be written')
})
