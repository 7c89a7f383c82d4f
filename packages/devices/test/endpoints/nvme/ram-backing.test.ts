import { fc, test as property } from '@fast-check/vitest'
import { RamBacking } from '@hostbridge/devices/endpoints'
import { describe, expect, it, test } from 'vitest'

const SIZE = 5 * 65_536 + 512

const step = fc.record({
  kind: fc.constantFrom('write', 'zero', 'read', 'save'),
  position: fc.nat(SIZE - 1),
  length: fc.oneof(fc.integer({ min: 1, max: 600 }), fc.integer({ min: 60_000, max: 140_000 })),
})

describe('a disk in memory', () => {
  property.prop([fc.array(step, { maxLength: 12 })], { numRuns: 60 })('does what an array does', (steps) => {
    let backing = new RamBacking(SIZE)
    const disk = new Uint8Array(SIZE)
    let seed = 0

    for (const { kind, position, length } of steps) {
      const end = Math.min(SIZE, position + length)
      if (kind === 'write') {
        const bytes = new Uint8Array(end - position).fill(++seed)
        backing.write(position, bytes)
        disk.set(bytes, position)
      } else if (kind === 'zero') {
        backing.zero(position, end - position)
        disk.fill(0, position, end)
      } else if (kind === 'save') {
        const saved = structuredClone(backing.save())
        backing.write(0, new Uint8Array(SIZE).fill(0xee))
        backing = new RamBacking(SIZE)
        backing.restore(saved)
      }
      const found = new Uint8Array(end - position)
      backing.read(position, found)
      expect(found.findIndex((byte, index) => byte !== disk[position + index])).toBe(-1)
    }

    const written = Array.from({ length: 6 }, (_, chunk) => disk.subarray(chunk * 65_536, (chunk + 1) * 65_536))
    const needed = written.filter((bytes) => bytes.some((byte) => byte !== 0)).length
    expect(backing.committedBytes).toBeGreaterThanOrEqual(needed * 65_536)
  })

  it('takes nothing before it is written, nor when it is read or zeroed', () => {
    const backing = new RamBacking(2n ** 40n)
    const bytes = new Uint8Array(4096).fill(1)

    backing.read(2 ** 39, bytes)
    backing.zero(0, 2 ** 40)

    expect(bytes.every((byte) => byte === 0)).toBe(true)
    expect(backing.committedBytes).toBe(0)
  })

  it('gives back the chunks that are zeroed as a whole, the last one of a disk among them', () => {
    const backing = new RamBacking(65_536 + 512)
    backing.write(0, new Uint8Array(65_536 + 512).fill(1))

    backing.zero(1, 65_535)
    const partly = backing.committedBytes
    backing.zero(65_536, 512)

    expect([partly, backing.committedBytes]).toEqual([131_072, 65_536])
  })

  it('shows its bytes in place, up to the end of a chunk', () => {
    const backing = new RamBacking(1 << 20)
    backing.write(65_530, Uint8Array.of(1, 2, 3, 4, 5, 6, 7))

    expect([...backing.view(65_534, 100)]).toEqual([5, 6])
    expect([...backing.view(65_536, 2)]).toEqual([7, 0])
    expect(backing.view(131_072, 1 << 20)).toHaveLength(65_536)
  })

  it('is full at its limit, and has room again when something was given back', () => {
    const backing = new RamBacking(1 << 20, { limit: 65_536 })
    const one = Uint8Array.of(1)

    const results = [backing.write(0, one), backing.write(70_000, one), backing.write(5, one)]
    backing.zero(0, 65_536)

    expect(results).toEqual(['done', 'full', 'done'])
    expect(backing.write(70_000, one)).toBe('done')
  })

  test.each([0, -1, 0.5, 2 ** 53])('cannot have %d bytes', (size) => {
    expect(() => new RamBacking(size)).toThrow(expect.objectContaining({ code: 'nvme.backing-size' }))
  })
})
