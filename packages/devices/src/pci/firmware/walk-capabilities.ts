import { CONFIG_SIZE, EXPRESS_CONFIG_SIZE, EXTENDED_START, HEADER_SIZE, Header, Status } from '../spec/header.ts'
import { allOnes, type ConfigAccess } from './config-access.ts'

/** A capability as a guest finds it. */
export interface FoundCapability {
  readonly id: number
  readonly offset: number
}

/** Where the version and the link of an extended capability begin (PCI Express Base 5.0, section 7.6.3). */
const EXTENDED = { version: 16, next: 20 } as const

/**
 * Follows the capabilities of a function from its header on (PCI Local Bus 3.0, section 6.7). A list that leads back into itself, or into
 * the header, ends there.
 */
export function* walkCapabilities(access: ConfigAccess, address: number): Generator<FoundCapability, void, undefined> {
  const status = access.read(address, Header.status.offset, 2)
  if ((status & Status.capabilities) === 0 || status === allOnes(2)) return
  const seen = new Set<number>()
  let offset = access.read(address, Header.capabilities.offset, 1) & ~3
  while (offset >= HEADER_SIZE && offset < CONFIG_SIZE && !seen.has(offset)) {
    seen.add(offset)
    const entry = access.read(address, offset, 2)
    yield { id: entry & 0xff, offset }
    offset = (entry >>> 8) & ~3
  }
}

/** Follows the extended capabilities of a PCI Express function, from 0x100 on, as {@link walkCapabilities} follows the others. */
export function* walkExtendedCapabilities(
  access: ConfigAccess,
  address: number,
): Generator<FoundCapability & { readonly version: number }, void, undefined> {
  const seen = new Set<number>()
  let offset = EXTENDED_START
  while (offset >= EXTENDED_START && offset < EXPRESS_CONFIG_SIZE && !seen.has(offset)) {
    seen.add(offset)
    const entry = access.read(address, offset, 4)
    // A function without the extended space answers all ones, one without such capabilities 0.
    if (entry === 0 || entry === allOnes(4)) return
    yield { id: entry & 0xffff, version: (entry >>> EXTENDED.version) & 0xf, offset }
    offset = (entry >>> EXTENDED.next) & ~3
  }
}
