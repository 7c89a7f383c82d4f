export * from './lockstep.ts'
