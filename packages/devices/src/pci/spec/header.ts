/** Bytes of the configuration space that every function has; a PCI Express function has {@link EXPRESS_CONFIG_SIZE}. */
export const CONFIG_SIZE = 256

/** PCI Express Base 5.0, section 7.2.2. */
export const EXPRESS_CONFIG_SIZE = 4096

/** Bytes of the header; what is behind it belongs to capabilities, or is plain storage. */
export const HEADER_SIZE = 0x40

/** The first extended capability, where there is one. */
export const EXTENDED_START = 0x100

/** What a read of a function that is not there answers, in all of its bytes (PCI Local Bus 3.0, section 6.1). */
export const ABSENT = 0xffff_ffff

/** The registers that both header types have (PCI Local Bus 3.0, figure 6-1). */
export const Header = {
  vendor: { offset: 0x00, size: 2 },
  device: { offset: 0x02, size: 2 },
  command: { offset: 0x04, size: 2 },
  status: { offset: 0x06, size: 2 },
  revision: { offset: 0x08, size: 1 },
  /** Base class, sub class and programming interface. */
  classCode: { offset: 0x09, size: 3 },
  cacheLineSize: { offset: 0x0c, size: 1 },
  latencyTimer: { offset: 0x0d, size: 1 },
  headerType: { offset: 0x0e, size: 1 },
  layout: { offset: 0x0e, size: 1, low: 0, width: 7 },
  multifunction: { offset: 0x0e, size: 1, low: 7, width: 1 },
  capabilities: { offset: 0x34, size: 1 },
  interruptLine: { offset: 0x3c, size: 1 },
  interruptPin: { offset: 0x3d, size: 1 },
} as const

/** The registers of a type 0 header alone (figure 6-1). */
export const Type0 = {
  subsystemVendor: { offset: 0x2c, size: 2 },
  subsystem: { offset: 0x2e, size: 2 },
} as const

/** The registers of a type 1 header, a bridge's (PCI-to-PCI Bridge Architecture 1.2, figure 3-2). */
export const Type1 = {
  primaryBus: { offset: 0x18, size: 1 },
  secondaryBus: { offset: 0x19, size: 1 },
  subordinateBus: { offset: 0x1a, size: 1 },
  secondaryLatency: { offset: 0x1b, size: 1 },
  ioBase: { offset: 0x1c, size: 1 },
  ioLimit: { offset: 0x1d, size: 1 },
  secondaryStatus: { offset: 0x1e, size: 2 },
  memoryBase: { offset: 0x20, size: 2 },
  memoryLimit: { offset: 0x22, size: 2 },
  prefetchableBase: { offset: 0x24, size: 2 },
  prefetchableLimit: { offset: 0x26, size: 2 },
  prefetchableBaseUpper: { offset: 0x28, size: 4 },
  prefetchableLimitUpper: { offset: 0x2c, size: 4 },
  ioBaseUpper: { offset: 0x30, size: 2 },
  ioLimitUpper: { offset: 0x32, size: 2 },
  bridgeControl: { offset: 0x3e, size: 2 },
} as const

/** Bits of the command register (table 6-1). */
export const Command = {
  io: 0x0001,
  memory: 0x0002,
  busMaster: 0x0004,
  serr: 0x0100,
  interruptDisable: 0x0400,
} as const

/** The command bits that can be written (the recordings of reference/spapr show them). */
export const COMMAND_WRITABLE: number =
  Command.io | Command.memory | Command.busMaster | Command.serr | Command.interruptDisable

/** Bits of the status register (table 6-2). */
export const Status = {
  interrupt: 0x0008,
  capabilities: 0x0010,
  /** Error bits, which a write of 1 clears. */
  errors: 0xf900,
} as const

/** Layouts of the header. */
export const HeaderLayout = { function: 0, bridge: 1 } as const
