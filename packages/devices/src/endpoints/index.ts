export * from './dma-engine.ts'
export * from './transfer.ts'
