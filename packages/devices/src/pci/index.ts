export * from './address.ts'
export * from './pci-bus.ts'
export * from './pci-device.ts'
export * from './slot.ts'
