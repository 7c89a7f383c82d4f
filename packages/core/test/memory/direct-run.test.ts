import { expect, test } from 'vitest'
import { container, MemorySystem, mmio, ram, ramDevice, rom, romDevice } from '../../src/memory/index.ts'
import { RecordingDevice } from './recording-device.ts'

test('memory is direct where an access calls nobody and is not refused; debuggers change ROM (MR-4)', () => {
  const flash = romDevice('flash', 0x1000n, new RecordingDevice())
  const registers = romDevice('registers', 0x1000n, new RecordingDevice())
  registers.setRomMode(false)
  const regions = [
    ram('ram', 0x1000n),
    rom('rom', 0x1000n),
    flash,
    registers,
    ramDevice('bar', 0x1000n),
    mmio('io', 1n, new RecordingDevice()),
  ]
  const root = container('root')
  for (const [i, region] of regions.entries()) root.add(region, BigInt(i) * 0x1000n)
  const space = new MemorySystem('machine').createSpace('memory', root)

  const direct = space.flatView.ranges.map(({ region, start }) => [
    region.name,
    ...[false, true].map((write) => space.map(start, 1, { write })?.direct),
    space.map(start, 1, { write: true, attrs: { debug: true } })?.direct,
  ])

  expect(direct).toEqual([
    ['ram', true, true, true],
    ['rom', true, false, true],
    ['flash', true, false, true],
    ['registers', false, false, false],
    ['bar', false, false, false],
    ['io', false, false, false],
  ])
})
