import { expect, test } from 'vitest'
import { topologySuite } from '../../src/suites/topology.ts'

test('adding and removing leaves the map as it was, and says what a region costs', async () => {
  const open = await topologySuite.open('add-remove/16')

  await open?.run()

  expect(() => open?.check?.()).not.toThrow()
  expect(open?.facts?.(1, 0)).toMatchObject({ others: 16, bytesPerRegion: expect.any(Number), weighed: 20_000 })
})

test('a sample without its additions fails, and one with them can be made again', async () => {
  const open = await topologySuite.open('transaction/1000')

  expect(() => open?.check?.()).toThrow('lost track')
  for (let sample = 0; sample < 2; sample++) {
    open?.prepare?.()
    await open?.run()
  }
  expect(() => open?.check?.()).not.toThrow()
})

test.each(['spaces/5', 'enable-alias/5'])('%s leaves the map as it was', async (name) => {
  const open = await topologySuite.open(name)

  await open?.run()

  expect(() => open?.check?.()).not.toThrow()
  expect(open?.facts?.(1, 0)).toMatchObject({ spaces: 6 })
})

test.each(['spaces/0', 'enable-alias', 'add-remove/0', 'add-remove', 'transaction/1'])(
  'there is no case %s',
  (name) => {
    expect(topologySuite.open(name)).toBeUndefined()
  },
)
