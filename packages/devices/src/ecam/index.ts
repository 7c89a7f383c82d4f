export * from './ecam-host.ts'
export * from './ecam-region.ts'
export * from './msi-doorbell.ts'
export * from './spec/ecam.ts'
