export * from './gzip-text.ts'
export * from './replay/index.ts'
export type { CaseReport } from './suites/bench-case.ts'
export * from './suites/run-suites.ts'
