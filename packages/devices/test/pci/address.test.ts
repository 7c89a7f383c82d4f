import { HostbridgeError } from '@hostbridge/core'
import { formatPciAddress, parsePciAddress, requesterIdOf } from '@hostbridge/devices/pci'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'

describe('a PCI address', () => {
  it('is read with and without its domain', () => {
    expect(parsePciAddress('00:01.0')).toEqual({ domain: 0, bus: 0, device: 1, function: 0 })
    expect(parsePciAddress('0002:01:1f.7')).toEqual({ domain: 2, bus: 1, device: 31, function: 7 })
  })

  it('becomes the requester id that its requests carry', () => {
    expect(requesterIdOf(parsePciAddress('00:01.0'))).toBe(0x0008)
    expect(requesterIdOf(parsePciAddress('0000:01:00.0'))).toBe(0x0100)
    expect(requesterIdOf(parsePciAddress('ff:1f.7'))).toBe(0xffff)
  })

  it('comes back unchanged from text', () => {
    const field = (max: number) => fc.integer({ min: 0, max })
    const address = fc.record({ domain: field(0xffff), bus: field(0xff), device: field(0x1f), function: field(7) })

    fc.assert(
      fc.property(address, (it) => {
        expect(parsePciAddress(formatPciAddress(it))).toEqual(it)
      }),
    )
  })

  it.each(['', '1:0.0', '00:20.0', '00:01.8', '00:01', '00:01.0 ', '10000:00:01.0', '0g:01.0'])(
    "is refused when written '%s', with what to write instead",
    (text) => {
      expect(() => parsePciAddress(text)).toThrowError(HostbridgeError)
      expect(() => parsePciAddress(text)).toThrowError(/such as '00:01\.0'/)
    },
  )
})
