import type { ConfigSpace } from './config-space.ts'
import { COMMAND_WRITABLE, Command, Header, HeaderLayout, Status, Type0 } from './spec/header.ts'

/** What a function says about itself in its header. */
export interface PciIdentity {
  /** 16 bits; 0x1234, which no vendor has, unless told. */
  readonly vendor?: number
  /** 16 bits; 0 unless told. */
  readonly device?: number
  readonly revision?: number
  /** Base class, sub class and programming interface, 24 bits; 0xff0000, which is no class, unless told. */
  readonly classCode?: number
  /** 0x1af4 unless told. */
  readonly subsystemVendor?: number
  /** 0x1100 unless told. */
  readonly subsystem?: number
  /** 1 to 4 for INTA# to INTD#, 0 for none; none unless told. */
  readonly interruptPin?: number
  /** Whether it has the 4 KiB of configuration space of a PCI Express function. */
  readonly express?: boolean
  /** Whether it is a bus master after a reset already: for a function that no driver switches on. */
  readonly busMaster?: boolean
  /** `function` unless told. */
  readonly layout?: keyof typeof HeaderLayout
}

const NOBODY = { vendor: 0x1234, device: 0, classCode: 0xff_0000, subsystemVendor: 0x1af4, subsystem: 0x1100 } as const

/** Fills in the header of a function (PCI Local Bus 3.0, section 6.2). */
export function defineHeader(config: ConfigSpace, identity: PciIdentity): void {
  const layout = identity.layout ?? 'function'
  config.define(Header.vendor, identity.vendor ?? NOBODY.vendor)
  config.define(Header.device, identity.device ?? NOBODY.device)
  config.define(Header.command, identity.busMaster === true ? Command.busMaster : 0, { writable: COMMAND_WRITABLE })
  config.define(Header.status, 0, { clearable: Status.errors })
  config.define(Header.revision, identity.revision ?? 0)
  config.define(Header.classCode, identity.classCode ?? NOBODY.classCode)
  config.define(Header.cacheLineSize, 0, { writable: 0xff })
  config.define(Header.headerType, HeaderLayout[layout])
  config.define(Header.interruptLine, 0, { writable: 0xff })
  config.define(Header.interruptPin, identity.interruptPin ?? 0)
  if (layout === 'bridge') return
  config.define(Type0.subsystemVendor, identity.subsystemVendor ?? NOBODY.subsystemVendor)
  config.define(Type0.subsystem, identity.subsystem ?? NOBODY.subsystem)
}
