import { fc, test } from '@fast-check/vitest'
import { EduDevice, IommuTestdevDevice, PciTestdev, TrafficEngine } from '@hostbridge/devices/endpoints'
import { CONFIG_SIZE, type PciDevice } from '@hostbridge/devices/pci'
import { describe, expect } from 'vitest'
import { endpointScene, RAM } from './endpoint-scene.ts'

/** An access of a guest that has read no manual, and how long it waits then. */
interface Access {
  readonly to: 'bar 0' | 'bar 1' | 'configuration'
  readonly write: boolean
  readonly offset: number
  readonly size: number
  readonly value: bigint
  readonly ticks: bigint
}

const offset = fc.oneof(
  { weight: 6, arbitrary: fc.integer({ min: 0, max: 64 }).map((word) => 4 * word) },
  { weight: 1, arbitrary: fc.integer({ min: 0, max: 0x1000 }) },
)

const value = fc.oneof(
  fc.bigInt({ min: 0n, max: 8n }),
  fc.constantFrom(RAM, 0x4_0000n, 0x1000n, 4096n, 0xffff_ffffn, 2n ** 64n - 1n),
  fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }),
)

const access: fc.Arbitrary<Access> = fc.record({
  to: fc.oneof(
    { weight: 8, arbitrary: fc.constant('bar 0' as const) },
    { weight: 2, arbitrary: fc.constant('bar 1' as const) },
    { weight: 1, arbitrary: fc.constant('configuration' as const) },
  ),
  write: fc.boolean(),
  offset,
  size: fc.constantFrom(1, 2, 4, 4, 4, 8),
  value,
  ticks: fc.constantFrom(0n, 0n, 1n, 1000n, 10n ** 9n),
})

/** The devices, each with registers of its own. */
const ENDPOINTS: [string, () => PciDevice][] = [
  ['edu', () => new EduDevice()],
  ['pci-testdev', () => new PciTestdev()],
  ['iommu-testdev', () => new IommuTestdevDevice()],
  ['traffic-engine', () => new TrafficEngine({ slots: 8 })],
]

describe.each(ENDPOINTS)('whatever a guest does to the registers of %s', (_, make) => {
  test.prop([fc.array(access, { maxLength: 120 })], { numRuns: 40 })(
    'it throws nothing, ends, keeps within bounds, and can be saved and restored at any time',
    (accesses) => {
      const { device, machine, peek, poke } = endpointScene(make())
      const other = endpointScene(make())

      for (const { to, write, offset: at, size, value: data, ticks } of accesses) {
        if (to !== 'configuration') {
          const bar = to === 'bar 0' ? 0 : 1
          if (write) poke(at, data, size, bar)
          else peek(at, size, bar)
        } else if (write) device.config.write(at % CONFIG_SIZE, 1, Number(data & 0xffn))
        else device.config.read(at % CONFIG_SIZE, 1)
        machine.run({ until: machine.now + ticks })
      }
      other.machine.restore(structuredClone(machine.save()))
      machine.run({ until: machine.now + 10n ** 9n })
      other.machine.run({ until: other.machine.now + 10n ** 9n })

      expect(machine.queue.size).toBeLessThanOrEqual(64)
      expect([device.faults.length, machine.guestErrors.length].every((entries) => entries <= 1024)).toBe(true)
      expect(other.machine.now).toBe(machine.now)
    },
  )
})
