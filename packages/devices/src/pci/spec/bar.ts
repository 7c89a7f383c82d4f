import type { ConfigField } from '../config-field.ts'

/** Base address registers of a type 0 header (PCI Local Bus 3.0, section 6.2.5). */
export const FUNCTION_BARS = 6

/** Base address registers of a type 1 header. */
export const BRIDGE_BARS = 2

/** Offset of the first one. */
export const FIRST_BAR = 0x10

/** The expansion ROM's base address register (section 6.2.5.2): of a type 0 header, and of a type 1 header. */
export const ROM_BAR = { function: 0x30, bridge: 0x38 } as const

/** Low bits of a base address register, which say what it is (figures 6-5 and 6-6). */
export const BarType = { io: 0x1, memory64: 0x4, prefetchable: 0x8 } as const

/** Set by a guest that wants to see the ROM. */
export const ROM_ENABLE = 0x1

/** The address bits of a register of each kind. */
export const ADDRESS_BITS = { io: 0xffff_fffc, memory: 0xffff_fff0, rom: 0xffff_f800 } as const

/** The smallest sizes that the registers can express, in bytes. */
export const SMALLEST = { io: 4n, memory: 16n, rom: 2048n } as const

export function barField(offset: number): ConfigField {
  return { offset: offset, size: 4 }
}
