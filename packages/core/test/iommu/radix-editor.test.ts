import { describe, expect, test } from 'vitest'
import { RadixArena } from '../../src/iommu/radix-arena.ts'
import { ArenaFull, RadixEditor } from '../../src/iommu/radix-editor.ts'
import { RadixJournal } from '../../src/iommu/radix-journal.ts'
import { NODE_BYTES } from '../../src/iommu/radix-layout.ts'

function makeEditor(nodes: number) {
  const arena = RadixArena.create(nodes * NODE_BYTES)
  return { arena, editor: new RadixEditor(arena, new RadixJournal(arena)) }
}

describe('RadixEditor', () => {
  test('needs a node for each level below the root, and gives all back', () => {
    const { arena, editor } = makeEditor(20)

    editor.fill(5, 1, 9, 3, 12)
    const used = arena.used
    editor.clear(0, 2 ** 52 - 1)

    expect(used).toBe(2 + 5)
    expect(arena.entries).toBe(0)
    expect(arena.reserve(18)).toBe(true)
  })

  test('counts an entry once, however many slots it fills or is overwritten through', () => {
    const { arena, editor } = makeEditor(40)

    editor.fill(0, 256, 0, 3, 20)
    const one = arena.entries
    editor.fill(0, 256, 0, 1, 12)
    const many = arena.entries
    editor.fill(0, 512, 0, 1, 21)

    expect([one, many, arena.entries]).toEqual([1, 256, 1])
  })

  test('throws where a node is missing', () => {
    const { editor } = makeEditor(6)

    expect(() => editor.fill(0, 1, 0, 3, 12)).toThrow(ArenaFull)
  })
})
