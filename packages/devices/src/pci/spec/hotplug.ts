/** Bits of slot capabilities (PCI Express Base 5.0, section 7.5.3.9). */
export const SlotCapability = {
  attentionButton: 0x0001,
  powerController: 0x0002,
  latchSensor: 0x0004,
  attentionIndicator: 0x0008,
  powerIndicator: 0x0010,
  surprise: 0x0020,
  hotplug: 0x0040,
  noCommandCompleted: 0x0004_0000,
} as const

/** Where the physical slot number lies in slot capabilities, and the most that fits. */
export const SLOT_NUMBER = { shift: 19, most: 0x1fff } as const

/** Fields of slot control (section 7.5.3.10); the lowest five bits enable the events of the same bits of slot status. */
export const SlotControl = {
  events: 0x001f,
  interrupt: 0x0020,
  attentionIndicator: { shift: 6, mask: 0x00c0 },
  powerIndicator: { shift: 8, mask: 0x0300 },
  /** 1 switches the power off. */
  powerOff: 0x0400,
  linkChanged: 0x1000,
} as const

/** What an indicator shows. */
export const Indicator = { on: 1, blink: 2, off: 3 } as const

/** Bits of slot status (section 7.5.3.11). */
export const SlotStatus = {
  attentionButton: 0x0001,
  powerFault: 0x0002,
  latchChanged: 0x0004,
  presenceChanged: 0x0008,
  commandCompleted: 0x0010,
  latchOpen: 0x0020,
  present: 0x0040,
  linkChanged: 0x0100,
} as const

/** The bits of slot status that are events, which a 1 clears. */
export const SLOT_EVENTS = 0x011f
