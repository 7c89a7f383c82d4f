import { fileURLToPath } from 'node:url'
import { MiB } from '@hostbridge/core/address'
import { Host, Type1Iommu } from '@hostbridge/devices/vfio'
import { describe, expect, test } from 'vitest'
import { buildTracedMachine, checkHotplug, type HotplugCheck, TracePlayer } from '../../src/trace/index.ts'

function recorded(name: string): string {
  return fileURLToPath(new URL(`../../../../reference/traces/pseries-linux-6.12-${name}.trace.gz`, import.meta.url))
}

describe('a VFIO device hotplugged onto what a recorded guest has mapped', () => {
  test.each([
    ['dynamic', 32],
    ['ddw', 8],
  ])(
    'reaches every mapped page at every checkpoint of %s and leaves nothing in the host',
    async (name, checkpoints) => {
      const host = new Host({ iommu: new Type1Iommu() })
      const checks: (HotplugCheck & { readonly recorded: number })[] = []
      const player = new TracePlayer({
        onCheckpoint: (_machine, phb, { recorded }) => {
          checks.push({ ...checkHotplug(host, phb), recorded: recorded.count })
        },
      })

      await player.play(recorded(name))

      expect(checks).toHaveLength(checkpoints)
      for (const check of checks) {
        expect(check.faults).toEqual([])
        expect(check.verified).toBe(true)
        expect(check.bytes).toBe(BigInt(check.recorded) * 4096n)
      }
      expect(host.entries).toBe(0)
    },
  )

  test('reaches the 16 MiB pages of the 64-bit window at the end of ddw', async () => {
    const player = new TracePlayer()
    await player.play(recorded('ddw'))

    const check = checkHotplug(new Host({ iommu: new Type1Iommu() }), player.phb)

    expect(check).toMatchObject({ events: 1, bytes: 2048n * MiB, verified: true, accesses: 128 * 4 })
  })
})

test('a page that the host maps to a wrong place is found', () => {
  const { phb, machine } = buildTracedMachine()
  phb.window.put(0x1000n, { to: 0x20_0000n, access: 'rw' })
  phb.window.put(0x2000n, { to: 0x30_0000n, access: 'r' })
  const host = new Host({ iommu: new Type1Iommu() })
  const good = checkHotplug(host, phb)
  machine.events.on('plugged', () => {
    const table = host.containers[0]?.table.table
    table?.map(1, 1, 0x10_0000, 3, 12)
  })

  const bad = checkHotplug(host, phb)

  expect(good).toMatchObject({ events: 2, verified: true, faults: [] })
  expect(bad.verified).toBe(false)
  expect(bad.faults[0]).toBe('the read at 0x1000 does not reach what the guest mapped')
})

test('entries that the host keeps after the unplug are found', () => {
  const { phb, machine } = buildTracedMachine()
  const host = new Host({ iommu: new Type1Iommu() })
  machine.events.on('plugged', () => {
    const table = host.containers[0]?.table.table
    machine.events.once('unplugged', () => table?.map(1, 2, 0, 3, 12))
  })

  const check = checkHotplug(host, phb)

  expect(check).toMatchObject({ verified: false, faults: ["2 entries are left in the host's table"] })
})
