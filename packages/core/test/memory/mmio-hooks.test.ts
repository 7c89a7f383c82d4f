import { describe, expect, test } from 'vitest'
import { container, MemorySystem, MemTx, type MmioHooks, type MmioOps, mmio, ram } from '../../src/memory/index.ts'
import { RecordingDevice } from './recording-device.ts'

function deviceWith(hooks: MmioHooks, options: Pick<MmioOps, 'endianness' | 'valid' | 'impl'> = {}) {
  const device = new RecordingDevice(options)
  const region = mmio('device', 0x100n, device)
  region.port.hooks = hooks
  const memory = new MemorySystem('machine').createSpace('memory', region)
  return { device, region, memory }
}

describe('hooks of a port', () => {
  test('a flush comes before every access, also before one that is refused (CM-3)', () => {
    const order: string[] = []
    const { device, memory } = deviceWith({ flush: () => order.push('flush') }, { valid: { min: 4, max: 4 } })
    device.answer = () => {
      order.push('read')
      return 0n
    }

    memory.read(0n, new Uint8Array(4))
    memory.write(4n, Uint8Array.of(1))

    expect(order).toEqual(['flush', 'read', 'flush'])
  })

  test.each([
    { endianness: 'little', taken: [8, 8, 0x04030201, 0x08070605] },
    { endianness: 'big', taken: [8, 8, 0x05060708, 0x01020304] },
  ] as const)('a write is offered whole, in $endianness order, before it is split (EF-4)', ({ endianness, taken }) => {
    const offered: number[][] = []
    const take = (...write: [number, number, number, number, unknown]): boolean =>
      offered.push(write.slice(0, 4) as number[]) > 0
    const { device, memory } = deviceWith({ take }, { endianness, valid: { max: 8 } })

    const result = memory.write(8n, Uint8Array.of(1, 2, 3, 4, 5, 6, 7, 8))

    expect(result).toBe(MemTx.ok)
    expect(offered).toEqual([taken])
    expect(device.log).toEqual([])
  })

  test('a short write is offered as a number of its size, and goes on where nobody takes it (EF-4)', () => {
    const offered: number[][] = []
    const take = (...write: [number, number, number, number, unknown]): boolean =>
      offered.push(write.slice(0, 4) as number[]) < 0
    const { device, memory } = deviceWith({ take }, { endianness: 'big' })

    memory.write(2n, Uint8Array.of(1, 2))

    expect(offered).toEqual([[2, 2, 0x0102, 0]])
    expect(device.log).toEqual(['write 2 2 102'])
  })

  test('a write that is refused is offered to nobody (EF-4)', () => {
    const { memory } = deviceWith({ take: () => true }, { valid: { min: 4, max: 4 } })

    expect(memory.write(0n, Uint8Array.of(1))).toBe(MemTx.decodeError)
  })
})

describe('a guard', () => {
  test('denies accesses while it is engaged, and is free again after a callback that throws (SP-7)', () => {
    const root = container('root')
    const memory = new MemorySystem('machine').createSpace('memory', root)
    const results: number[] = []
    const region = mmio('device', 0x10n, {
      read() {
        const into = Uint8Array.of(0xff)
        results.push(memory.read(0n, into), into[0] as number, memory.write(0n, into))
        throw new Error('a mistake in the device')
      },
      write: () => undefined,
    })
    const guard = { engaged: false }
    region.port.guard = guard
    root.add(region, 0n)

    expect(() => memory.read(0n, Uint8Array.of(0))).toThrow('a mistake in the device')

    expect(results).toEqual([MemTx.accessError, 0, MemTx.accessError])
    expect(guard.engaged).toBe(false)
    expect(memory.write(0n, Uint8Array.of(1))).toBe(MemTx.ok)
  })
})

test('direct writes are marked, refused ones are not (DL-4)', () => {
  const root = container('root')
  const memory = new MemorySystem('machine').createSpace('memory', root)
  const region = ram('ram', 0x3000n)
  const marked: number[][] = []
  region.writeMarks = { mark: (...place) => marked.push(place) }
  root.add(region, 0x1000n)

  memory.write(0x1ffen, new Uint8Array(4))
  memory.write(0x2000n, new Uint8Array(0x2000))
  region.setReadonly(true)
  memory.write(0x2000n, new Uint8Array(4))

  expect(marked).toEqual([
    [0, 0xffe, 4],
    [1, 0, 0x2000],
  ])
})
