import { HostbridgeError } from '@hostbridge/core'

/** Where a function is: domain, bus, device and function number. */
export interface PciAddress {
  /** 0 to 0xffff; 0 where a text leaves it out. */
  readonly domain: number
  /** 0 to 0xff. */
  readonly bus: number
  /** 0 to 0x1f. */
  readonly device: number
  /** 0 to 7. */
  readonly function: number
}

const PATTERN = /^(?:([0-9a-f]{4}):)?([0-9a-f]{2}):([01][0-9a-f])\.([0-7])$/i

/**
 * Reads an address as `lspci` writes it: `00:01.0`, or `0000:01:00.0` with its domain.
 *
 * @throws HostbridgeError `pci.address` for any other text.
 */
export function parsePciAddress(text: string): PciAddress {
  const [match, domain = '0', bus = '', device = '', fn = ''] = PATTERN.exec(text) ?? []
  if (match === undefined) {
    throw new HostbridgeError(
      'pci.address',
      `'${text}' is no PCI address: write bus:device.function in hex, such as '00:01.0' or '0000:01:00.0'`,
      { text },
    )
  }
  return {
    domain: Number.parseInt(domain, 16),
    bus: Number.parseInt(bus, 16),
    device: Number.parseInt(device, 16),
    function: Number.parseInt(fn, 16),
  }
}

/** Writes an address as `lspci` does; the domain only where it is not 0. */
export function formatPciAddress(address: PciAddress): string {
  const domain = address.domain === 0 ? '' : `${digits(address.domain, 4)}:`
  return `${domain}${digits(address.bus, 2)}:${digits(address.device, 2)}.${address.function}`
}

/** The 16 bits that a function's requests carry: bus 15..8, device 7..3, function 2..0 (PCI Express base, 2.2.6.2). */
export function requesterIdOf(address: PciAddress): number {
  return (address.bus << 8) | (address.device << 3) | address.function
}

function digits(value: number, count: number): string {
  return value.toString(16).padStart(count, '0')
}

/** A place on some bus: device 7..3, function 2..0; bus and domain where the text has them. */
export interface DeviceFunction {
  readonly deviceFunction: number
  readonly bus?: number
  readonly domain?: number
}

const SHORT_PATTERN = /^([01][0-9a-f])\.([0-7])$/i

/** Reads an address with or without its bus: `00:01.0`, `01.0`. @throws HostbridgeError `pci.address` for any other text. */
export function parseDeviceFunction(text: string): DeviceFunction {
  const [match, device = '', fn = ''] = SHORT_PATTERN.exec(text) ?? []
  if (match !== undefined) return { deviceFunction: (Number.parseInt(device, 16) << 3) | Number.parseInt(fn, 16) }
  const address = parsePciAddress(text)
  return { deviceFunction: requesterIdOf(address) & 0xff, bus: address.bus, domain: address.domain }
}
