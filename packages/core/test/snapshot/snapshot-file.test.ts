import { test as property } from '@fast-check/vitest'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { Device, type DeviceState } from '../../src/machine/device.ts'
import { Machine } from '../../src/machine/machine.ts'
import { ram } from '../../src/memory/ram-region.ts'
import { packSections, unpackSections } from '../../src/snapshot/sections.ts'
import { type Snapshot, takeSnapshot } from '../../src/snapshot/snapshot.ts'
import { decodeSnapshot, encodeSnapshot } from '../../src/snapshot/snapshot-file.ts'

class Holder extends Device {
  state: DeviceState = {}
  override save(): DeviceState {
    return this.state
  }
}

function snapshotWith(state: DeviceState, bytes = Uint8Array.of(5, 6)): Snapshot {
  const machine = new Machine('pc')
  machine.map(0n, ram('ram', 0x1_0000n)).memory.write(0x10n, bytes)
  const device = machine.plug(new Holder('holder'))
  device.state = state
  const beat = machine.event('beat', () => {})
  machine.queue.schedule(beat, 4)
  return takeSnapshot(machine)
}

const STATE = {
  none: undefined,
  nothing: null,
  list: [1, -0, Number.NaN, 2 ** 60],
  big: [-1n, 2n ** 70n],
  words: Int32Array.of(-1, 7),
  times: Float64Array.of(0.5, Number.POSITIVE_INFINITY),
  map: new Map([[1n, new Set(['x'])]]),
  text: 'ä\ud800\n',
}

describe('the file of a snapshot', () => {
  test('is read as it was written, whatever plain data is in it', () => {
    const snapshot = snapshotWith(STATE)

    expect(decodeSnapshot(encodeSnapshot(snapshot))).toEqual(snapshot)
  })

  test('has copies of what lies in shared memory', () => {
    const words = new Int32Array(new SharedArrayBuffer(8)).fill(3)

    const { state } = decodeSnapshot(encodeSnapshot(snapshotWith({ words })))

    expect(state.devices[0]?.state).toEqual({ words: Int32Array.of(3, 3) })
  })

  const file = encodeSnapshot(snapshotWith(STATE))

  property.prop([fc.nat(file.length - 1), fc.integer({ min: 1, max: 255 })], { numRuns: 200 })(
    'is refused whichever byte has changed',
    (at, change) => {
      const other = file.slice()
      other[at] = (other[at] as number) ^ change

      expect(() => decodeSnapshot(other)).toThrow(
        expect.objectContaining({ code: expect.stringMatching(/^snapshot\.(damaged|version)$/) }),
      )
    },
  )

  test('is refused where a section lacks or cannot be read', () => {
    const sections = unpackSections(file)
    const without = packSections(sections.filter(({ name }) => name !== 'state'))
    const odd = packSections(
      sections.map(({ name, bytes }) => ({ name, bytes: name === 'state' ? Uint8Array.of(0x7b) : bytes })),
    )

    expect(() => decodeSnapshot(without)).toThrow("it lacks section 'state'")
    expect(() => decodeSnapshot(odd)).toThrow("section 'state' cannot be read")
  })

  test('is not made of what no file can hold, and says where that is', () => {
    expect(() => encodeSnapshot(snapshotWith({ deep: [{ error: new Error('cloned') }] }))).toThrow(
      expect.objectContaining({
        code: 'snapshot.not-plain',
        message: expect.stringMatching(
          /^section 'state' cannot be written: .* at \.devices\[0\]\.state\.deep\[0\]\.error;/,
        ),
      }),
    )
  })

  test('costs what has been written to memory', () => {
    expect(encodeSnapshot(snapshotWith({}, new Uint8Array(0x8000).fill(7))).length).toBeLessThan(1500)
  })
})
