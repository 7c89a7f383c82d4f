import { describe, expect, test } from 'vitest'
import { nvmeCase } from '../../src/suites/nvme-cases.ts'

describe('a case of NVMe reads', () => {
  test.each([4096, 8192, 131_072])('of %d bytes reads what is on the disk, sample after sample', async (bytes) => {
    const open = nvmeCase(`nvme/${bytes}`)
    expect(() => open?.check?.()).toThrow('reads succeeded')

    for (let sample = 0; sample < 2; sample++) {
      await open?.prepare?.()
      await open?.run()
      expect(() => open?.check?.()).not.toThrow()
    }

    expect(open?.units).toBe(2 ** 25 / bytes)
    expect(open?.facts?.(1000, 900)).toMatchObject({
      readsPerSecond: 1_000_000,
      gigabytesPerSecond: Math.round(bytes / 10) / 100,
    })
  })

  test.each(['nvme/512', 'nvme/5000', 'nvme/262144', 'nvme/', 'nvme', 'other/4096'])('%s does not exist', (name) => {
    expect(nvmeCase(name)).toBeUndefined()
  })
})
