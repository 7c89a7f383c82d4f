export * from './dirty-block.ts'
export * from './dirty-client.ts'
export * from './dirty-snapshot.ts'
