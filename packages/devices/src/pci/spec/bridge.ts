/** A bridge's class code: PCI-to-PCI, and one that also takes what nobody else does (PCI Code and ID Assignment 1.11, section 1.7). */
export const BRIDGE_CLASS = { positive: 0x06_0400, subtractive: 0x06_0401 } as const

/** Bits of the bridge control register (PCI-to-PCI Bridge Architecture 1.2, section 3.2.5.18). */
export const BridgeControl = {
  parityResponse: 0x0001,
  serr: 0x0002,
  isa: 0x0004,
  vga: 0x0008,
  vga16: 0x0010,
  masterAbort: 0x0020,
  /** Resets what is behind the bridge, and keeps it there while it is set. */
  secondaryReset: 0x0040,
  fastBackToBack: 0x0080,
  primaryDiscard: 0x0100,
  secondaryDiscard: 0x0200,
  discardStatus: 0x0400,
  discardSerr: 0x0800,
} as const

/** What a guest can write of bridge control: of a conventional bridge all but the discard status, which a 1 clears. */
export const CONVENTIONAL_CONTROL = { writable: 0x0bff, clearable: 0x0400 } as const

/** Of a PCI Express port the rest is 0 (PCI Express Base 5.0, section 7.5.1.3.10). */
export const EXPRESS_CONTROL = { writable: 0x005f, clearable: 0 } as const

/** The address bits of the registers that begin and end a window (PCI-to-PCI Bridge Architecture 1.2, section 3.2.5). */
export const WINDOW_BITS = { io: 0xf0, memory: 0xfff0 } as const

/** What the lowest bits of those registers say of the width: I/O of 32 bits, prefetchable memory of 64. */
export const WindowWidth = { io32: 0x1, memory64: 0x1 } as const

/** Windows begin and end at multiples of so many bytes, as log2. */
export const WINDOW_SHIFT = { io: 12n, memory: 20n } as const
