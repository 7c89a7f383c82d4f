import { describe, expect, test } from 'vitest'
import { pciSuite } from '../../src/suites/pci.ts'

describe('a case of the pci suite', () => {
  test.each(['config-read', 'config-read/bus', 'bar-move/4', 'scan/2', 'scan-assign/10'])(
    '%s does its work',
    async (name) => {
      const open = await pciSuite.open(name)

      const before = () => open?.check?.()
      expect(before).toThrow()
      await open?.prepare?.()
      await open?.run()

      expect(() => open?.check?.()).not.toThrow()
    },
  )

  test('plug-unplug leaves the bus as it was', async () => {
    const open = await pciSuite.open('plug-unplug')

    await open?.run()

    expect(() => open?.check?.()).not.toThrow()
  })

  test('scan-assign can be done again', async () => {
    const open = await pciSuite.open('scan-assign/2')

    for (let sample = 0; sample < 2; sample++) {
      await open?.prepare?.()
      expect(() => open?.check?.()).toThrow('0 BARs are seen, not 64')
      await open?.run()
    }

    expect(() => open?.check?.()).not.toThrow()
    expect(open?.facts?.(6400, 6400)).toEqual({ functions: 64, nsPerFunction: 100 })
  })

  test.each(['bar-move', 'bar-move/257', 'scan/0', 'scan/257', 'scan', 'plug'])('%s does not exist', (name) => {
    expect(pciSuite.open(name)).toBeUndefined()
  })
})
