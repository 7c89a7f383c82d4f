import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { build, main } from '../first-machine.ts'

test('the hotplugged device finds the 512 mappings that the guest made before', () => {
  const lines: string[] = []

  const { now } = main((line) => lines.push(line))

  expect(now).toBe(10_000_000n)
  expect(lines[0]).toBe('replayed 512 mappings, 2097152 bytes')
  expect(lines.slice(1).join('\n')).toMatchInlineSnapshot(`
    "address space memory
      0000000000000000-ffffffffffffffff      16 EiB  container system
        0000000000000000-00000000ffffffff       4 GiB  ram       ram
        0000200000000000-000020000000ffff      64 KiB  alias     phb0 io  -> phb0 io [0000000000000000-000000000000ffff]  of phb0
        0000200080000000-00002000ffffffff       2 GiB  alias     phb0 mmio32  -> phb0 memory [0000000080000000-00000000ffffffff]  of phb0
        0000210000000000-000021ffffffffff       1 TiB  alias     phb0 mmio64  -> phb0 memory [0000210000000000-000021ffffffffff]  of phb0

    address space phb0-dma
      0000000000000000-ffffffffffffffff      16 EiB  container phb0-dma  of phb0
        0000000000000000-ffffffffffffffff      16 EiB  container tce-root-0x80000001
        0000000000000000-ffffffffffffffff      16 EiB  container tce-root-0x80000000
          0000000000000000-000000003fffffff       1 GiB  iommu     tce-0x80000000
        0000040000000000-0000040000000fff       4 KiB  mmio      phb0-msi

    address space phb0 00:02.0 bus master
      0000000000000000-ffffffffffffffff      16 EiB  container phb0 00:02.0 bus master
        0000000000000000-ffffffffffffffff      16 EiB  alias     phb0 00:02.0 dma  -> phb0-dma [0000000000000000-ffffffffffffffff]

    region phb0 io
      0000000000000000-000000000000ffff      64 KiB  container phb0 io

    region phb0 memory
      0000000000000000-ffffffffffffffff      16 EiB  container phb0 memory

    flat view of memory
      0000000000000000-00000000ffffffff       4 GiB  ram        ram

    flat view of phb0-dma, phb0 00:02.0 bus master
      0000000000000000-000000003fffffff       1 GiB  iommu      tce-0x80000000
      0000040000000000-0000040000000fff       4 KiB  mmio       phb0-msi"
  `)
})

test('building the machine runs nothing', () => {
  const lines: string[] = []

  const machine = build((line) => lines.push(line))

  expect(machine.now).toBe(0n)
  expect(lines).toEqual([])
})

test('the machine of the README is this one, line by line', () => {
  const source = readFileSync(new URL('../first-machine.ts', import.meta.url), 'utf8')
  const readme = readFileSync(new URL('../../README.md', import.meta.url), 'utf8')
  const block = /```ts\n([\s\S]*?)```/.exec(readme)?.[1] ?? ''

  const lines = block.split('\n').map((line) => line.trim().replace('console.log(', 'print('))

  expect(lines.length).toBeGreaterThan(15)
  for (const line of lines) expect(source).toContain(line)
})
