/** Bytes of the PCI Express capability, version 2 (PCI Express Base 5.0, section 7.5.3, figure 7-15). */
export const EXPRESS_SIZE = 0x3c

/** Version of the structure that has all the registers. */
export const EXPRESS_VERSION = 2

/** What a function is (table 7-17). */
export const PortType = {
  endpoint: 0x0,
  legacyEndpoint: 0x1,
  rootPort: 0x4,
  upstream: 0x5,
  downstream: 0x6,
  pciBridge: 0x7,
  integratedEndpoint: 0x9,
} as const

/** The registers of the capability; offsets count from its start. */
export const Express = {
  /** Section 7.5.3.2. */
  capabilities: { offset: 0x02, size: 2 },
  version: { offset: 0x02, size: 2, low: 0, width: 4 },
  portType: { offset: 0x02, size: 2, low: 4, width: 4 },
  slotImplemented: { offset: 0x02, size: 2, low: 8, width: 1 },
  /** Which MSI or MSI-X vector signals hotplug. */
  interruptMessage: { offset: 0x02, size: 2, low: 9, width: 5 },
  /** Section 7.5.3.3. */
  deviceCapabilities: { offset: 0x04, size: 4 },
  /** Section 7.5.3.4. */
  deviceControl: { offset: 0x08, size: 2 },
  /** Section 7.5.3.5. */
  deviceStatus: { offset: 0x0a, size: 2 },
  /** Section 7.5.3.6. */
  linkCapabilities: { offset: 0x0c, size: 4 },
  /** Section 7.5.3.7. */
  linkControl: { offset: 0x10, size: 2 },
  /** Section 7.5.3.8. */
  linkStatus: { offset: 0x12, size: 2 },
  /** Section 7.5.3.9. */
  slotCapabilities: { offset: 0x14, size: 4 },
  /** Section 7.5.3.10. */
  slotControl: { offset: 0x18, size: 2 },
  /** Section 7.5.3.11. */
  slotStatus: { offset: 0x1a, size: 2 },
  /** Section 7.5.3.12. */
  rootControl: { offset: 0x1c, size: 2 },
  /** Section 7.5.3.13. */
  rootCapabilities: { offset: 0x1e, size: 2 },
  /** Section 7.5.3.14. */
  rootStatus: { offset: 0x20, size: 4 },
  /** Section 7.5.3.15. */
  deviceCapabilities2: { offset: 0x24, size: 4 },
  /** Section 7.5.3.16. */
  deviceControl2: { offset: 0x28, size: 2 },
  deviceStatus2: { offset: 0x2a, size: 2 },
  /** Section 7.5.3.18. */
  linkCapabilities2: { offset: 0x2c, size: 4 },
  /** Section 7.5.3.19. */
  linkControl2: { offset: 0x30, size: 2 },
  /** Section 7.5.3.20. */
  linkStatus2: { offset: 0x32, size: 2 },
  slotCapabilities2: { offset: 0x34, size: 4 },
  slotControl2: { offset: 0x38, size: 2 },
  slotStatus2: { offset: 0x3a, size: 2 },
} as const

/** Bits of device capabilities: errors are reported by role, extended tags, and a function can be reset alone. */
export const DeviceCapability = { extendedTag: 0x20, roleBasedErrors: 0x8000, functionLevelReset: 0x1000_0000 } as const

/** Bits of device control: all can be written but the highest, which resets the function and reads as 0. */
export const DEVICE_CONTROL = { writable: 0x7fff, reset: 0x2810, initiateReset: 0x8000 } as const

/** Errors that were seen; a 1 clears each. */
export const DEVICE_ERRORS = 0x000f

/** Link speeds (table 7-25). */
export const LinkSpeed = { gt2: 1, gt5: 2, gt8: 3, gt16: 4, gt32: 5 } as const

/** Link capabilities of a port below which something may come and go: surprise down errors, and the link's state is reported. */
export const LinkCapability = { surpriseDown: 0x08_0000, activeReporting: 0x10_0000 } as const

/** What a guest can write of link control; retraining is over at once. */
export const LinkControl = { writable: 0x0fdb, disable: 0x0010, retrain: 0x0020 } as const

/** Bits of link status: the data link layer is up; two that a 1 clears. */
export const LinkStatus = { slotClock: 0x1000, active: 0x2000, clearable: 0xc000 } as const

/** What a guest can write of root control, and the bit of root status that a 1 clears. */
export const ROOT_CONTROL = 0x001f
export const ROOT_PME_STATUS = 0x0001_0000

/** Device capabilities 2: a completion timeout that can be switched off, and ARI forwarding of a downstream port. */
export const DeviceCapability2 = { timeoutDisable: 0x10, ariForwarding: 0x20 } as const
