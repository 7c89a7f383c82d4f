import { expect, test } from 'vitest'
import { CoalescedRing, container, EventNotifier, MemorySystem, MemTx, mmio, ram } from '../../src/memory/index.ts'
import { hooksOf } from '../../src/memory/region-hooks.ts'
import { RecordingDevice } from './recording-device.ts'

test('what was put off is made before an eventfd is signalled, and that before the guard denies (CM-3, EF-4, SP-7)', () => {
  const log: string[] = []
  const device = new RecordingDevice()
  const region = mmio('regs', 0x1000n, device).ownedBy({ name: 'card' })
  const root = container('root')
  root.add(region, 0n)
  const space = new MemorySystem('machine').createSpace('memory', root)
  const ring = new CoalescedRing('ring', space)
  ring.attach()
  region.coalescing.add(0n, 4n)
  region.eventfds.add({ offset: 8, size: 1, notifier: new EventNotifier('doorbell', () => log.push('signal')) })
  device.fail = () => {
    log.push('callback')
    log.push(`nested ${space.write(8n, Uint8Array.of(1))} ${space.write(9n, Uint8Array.of(1))}`)
    return MemTx.ok
  }
  ring.write(0n, Uint8Array.of(1))

  space.write(8n, Uint8Array.of(1))

  expect(log).toEqual(['callback', 'signal', 'nested 0 4', 'signal'])
})

test('a region without callbacks has no hooks', () => {
  expect(hooksOf(ram('ram', 0x1000n))).toBeUndefined()
})
