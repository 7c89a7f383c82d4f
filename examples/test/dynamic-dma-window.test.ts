import { expect, test } from 'vitest'
import { main } from '../dynamic-dma-window.ts'

test('a guest maps all of its memory through a window of its own, and the host follows', () => {
  const lines: string[] = []

  const result = main((line) => lines.push(line))

  expect(result).toEqual({ hypercalls: 1, hostEntries: 4096, reached: true, windows: 1 })
  expect(lines.join('\n')).toMatchInlineSnapshot(`
    "query:  1 window is free, in pages of 4 KiB, 64 KiB, 2 MiB, 16 MiB
    create: LIOBN 0x80000001, 8 GiB from 0x800000000000000 on
    map:    all of memory, by 1 hypercall; the host holds 4096 entries
    remove: the default window is gone, 1 is left
    The card reaches the last page of memory at 0x8000001fffff000."
  `)
})
