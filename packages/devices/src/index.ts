export * from './endpoints/index.ts'
export * from './pci/index.ts'
export * from './spapr/index.ts'
export * from './vfio/index.ts'
