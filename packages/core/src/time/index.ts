export * from './event.ts'
export * from './event-queue.ts'
export * from './tick.ts'
export * from './units.ts'
