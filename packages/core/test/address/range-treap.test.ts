import { fc, test } from '@fast-check/vitest'
import { expect } from 'vitest'
import { joinTrees, singleNode, splitTree, type TreapNode } from '../../src/address/range-treap.ts'

/** The entries of a tree in order, after a check that every node has the size and the priority that its place asks for. */
function check(node: TreapNode<number> | undefined, most = Number.POSITIVE_INFINITY): [bigint, bigint, number][] {
  if (node === undefined) return []
  const { start, last, value } = node.entry
  const entries = [
    ...check(node.left, node.priority),
    [start, last, value] as const,
    ...check(node.right, node.priority),
  ]
  expect(node.priority).toBeLessThanOrEqual(most)
  expect(node.size).toBe(entries.length)
  return entries.map(([a, b, c]) => [a, b, c])
}

const priority = fc.integer({ min: -4, max: 4 })

test.prop(
  [
    fc.array(fc.tuple(fc.integer({ min: 1, max: 5 }), priority), { maxLength: 20 }),
    fc.nat(60),
    fc.infiniteStream(priority),
  ],
  { numRuns: 200 },
)('stays a heap when it is split anywhere and joined again', (lengths, at, priorities) => {
  let tree: TreapNode<number> | undefined
  let end = 0n
  for (const [index, [length, drawn]] of lengths.entries()) {
    const range = { start: end, last: end + BigInt(length) - 1n }
    tree = joinTrees(tree, singleNode({ ...range, value: 100 * index }, drawn))
    end += BigInt(length)
  }
  const address = BigInt(at)
  const expected = check(tree).flatMap(([start, last, value]): [bigint, bigint, number][] =>
    start < address && address <= last
      ? [
          [start, address - 1n, value],
          [address, last, value + Number(address - start)],
        ]
      : [[start, last, value]],
  )

  const [low, high] = splitTree(
    tree,
    address,
    (value, offset) => value + Number(offset),
    () => priorities.next().value,
  )

  const below = check(low)
  expect(below.every(([, last]) => last < address)).toBe(true)
  expect([...below, ...check(high)]).toEqual(expected)
  expect(check(joinTrees(low, high))).toEqual(expected)
})
