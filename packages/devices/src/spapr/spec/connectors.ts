/** Where the kind of a connector is in its index, and that of PCI functions (LoPAR, "DR Connector Index"; QEMU numbers them so). */
export const CONNECTOR_KIND_SHIFT = 28
export const PCI_CONNECTOR = 4

/** Where the host bridge's index is in the index of a connector; device and function number are the lowest bits. */
export const CONNECTOR_BRIDGE_SHIFT = 16

/** Connector type of PCI functions, for the `ibm,drc-types` property (LoPAR, "Connector types"). */
export const PCI_CONNECTOR_TYPE = '28'

/** Indicators of a connector (LoPAR, "set-indicator", table of indicator tokens). */
export const Indicators = { isolation: 9001, dynamicReconfiguration: 9002, allocation: 9003 } as const

/** The sensor that says whether there is somebody at a connector (LoPAR, "get-sensor-state"). */
export const ENTITY_SENSE = 9003

export const Isolation = { isolate: 0, unisolate: 1 } as const

/** What the visual indicator of a connector shows (LoPAR, "dr-indicator"). */
export const DrIndicator = { inactive: 0, active: 1, identify: 2, action: 3 } as const

/** What entity sense answers. */
export const EntitySense = { empty: 0, present: 1 } as const

/** What `ibm,configure-connector` answers (LoPAR, "ibm,configure-connector", table of return values). */
export const Configure = { done: 0, nextChild: 2, nextProperty: 3, notConfigurable: -9003 } as const

/** The work area of `ibm,configure-connector`: bytes, and its words, which are offsets in the area but for the length. */
export const WORK_AREA = { size: 4096, name: 2, propertyLength: 3, propertyData: 4, values: 20 } as const

/** Kinds of events that `check-exception` can be asked for (LoPAR, "RTAS event classes"). */
export const EventMask = { hotplug: 0x1000_0000 } as const

/** No event waits. */
export const NO_EVENT = 1

/** What an event is about (LoPAR, "Platform Event Log Format, Hotplug Section"). */
export const HotplugEvent = { typePci: 5, add: 1, remove: 2, byIndex: 2 } as const

/** The words and sections of an event log, version 6 (LoPAR, "RTAS Event Log Format"). */
export const EventLog = {
  /** Version 6, severity event, not recovered, optional part present, initiator hotplug, type hotplug. */
  summary: 0x0634_60e5,
  /** Valid, and PowerPC format of a platform event. */
  first: 0x80,
  format: 0x8e,
  company: 0x4942_4d00,
  main: { id: 0x5048, size: 48, creator: 0x48 },
  user: { id: 0x5548, size: 24 },
  hotplug: { id: 0x4850, size: 16 },
  headerSize: 16,
} as const
