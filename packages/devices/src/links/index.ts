export * from './doorbell-device.ts'
export * from './link-adapter.ts'
export * from './shared-window.ts'
