import { ADDRESS_BITS, BarType, BRIDGE_BARS, FIRST_BAR, FUNCTION_BARS, ROM_BAR, ROM_ENABLE } from '../spec/bar.ts'
import { Command, Header } from '../spec/header.ts'
import type { ConfigAccess } from './config-access.ts'
import type { FoundBar, FoundFunction } from './found.ts'

const ALL = 0xffff_ffff
const DECODES = Command.io | Command.memory

/**
 * Finds the base address registers of a function, and their sizes: writes all ones and sees which bits stay (PCI Local Bus 3.0,
 * section 6.2.5.1). The function decodes no addresses meanwhile; registers and command are as before afterwards.
 */
export function sizeBars(access: ConfigAccess, { address, bridge }: FoundFunction): FoundBar[] {
  const command = access.read(address, Header.command.offset, 2)
  const decodes = (command & DECODES) !== 0
  if (decodes) access.write(address, Header.command.offset, 2, command & ~DECODES)
  const bars: FoundBar[] = []
  const count = bridge ? BRIDGE_BARS : FUNCTION_BARS
  for (let index = 0; index < count; index++) {
    const offset = FIRST_BAR + 4 * index
    const low = probe(access, address, offset, ALL)
    if (low === 0) continue
    if ((low & BarType.io) !== 0) {
      bars.push({ index, offset, kind: 'io', prefetchable: false, size: sizeOf(ALL, low & ADDRESS_BITS.io) })
      continue
    }
    const prefetchable = (low & BarType.prefetchable) !== 0
    const wide = (low & BarType.memory64) !== 0 && index + 1 < count
    const upper = wide ? probe(access, address, offset + 4, ALL) : ALL
    const size = sizeOf(upper, low & ADDRESS_BITS.memory)
    bars.push({ index, offset, kind: wide ? 'memory64' : 'memory32', prefetchable, size })
    if (wide) index++
  }
  const offset = bridge ? ROM_BAR.bridge : ROM_BAR.function
  const rom = probe(access, address, offset, (ALL & ~ROM_ENABLE) >>> 0) & ADDRESS_BITS.rom
  if (rom !== 0) bars.push({ index: FUNCTION_BARS, offset, kind: 'rom', prefetchable: false, size: sizeOf(ALL, rom) })
  if (decodes) access.write(address, Header.command.offset, 2, command)
  return bars
}

/** The bits that stay where ones are written; the register is as before. */
function probe(access: ConfigAccess, address: number, offset: number, ones: number): number {
  const before = access.read(address, offset, 4)
  access.write(address, offset, 4, ones)
  const bits = access.read(address, offset, 4)
  // Where nothing stayed there is nothing to bring back.
  if (bits !== before) access.write(address, offset, 4, before)
  return bits
}

/** The size that the address bits of a register tell: what their lowest bit counts, also where a register of 16 bits ends at it. */
function sizeOf(upper: number, lower: number): bigint {
  if (lower !== 0) return BigInt((lower & -lower) >>> 0)
  return BigInt((upper & -upper) >>> 0) << 32n
}
