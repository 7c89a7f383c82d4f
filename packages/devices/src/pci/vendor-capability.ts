import { HostbridgeError } from '@hostbridge/core'
import type { CapabilityList } from './capability-list.ts'
import type { ConfigSpace } from './config-space.ts'
import { CapabilityId } from './spec/capabilities.ts'

export interface VendorOptions {
  /** What is behind id, link and length: 1 to 253 bytes. */
  readonly bytes: Uint8Array
  /** The bits of each of them that a guest can write; none unless told. */
  readonly writable?: Uint8Array
  /** Where the capability lies; the first free place unless told. */
  readonly offset?: number
}

const HEADER = 3

/** Adds a vendor's own capability (PCI Code and ID Assignment 1.11, section 2; its third byte is its length) and returns its offset. @throws HostbridgeError `pci.vendor-length`. */
export function addVendorCapability(
  {
    name,
    config,
    capabilities,
  }: { readonly name: string; readonly config: ConfigSpace; readonly capabilities: CapabilityList },
  { bytes, writable = new Uint8Array(bytes.length), offset }: VendorOptions,
): number {
  const length = bytes.length + HEADER
  if (bytes.length === 0 || length > 0xff) {
    const message = `a vendor capability of '${name}' cannot have ${bytes.length} bytes: 1 to ${0xff - HEADER}`
    throw new HostbridgeError('pci.vendor-length', message, { device: name, length: bytes.length })
  }
  const at = capabilities.add(CapabilityId.vendor, length, offset)
  config.define({ offset: at + 2, size: 1 }, length)
  for (const [index, byte] of bytes.entries()) {
    config.define({ offset: at + HEADER + index, size: 1 }, byte, { writable: writable[index] ?? 0 })
  }
  return at
}
