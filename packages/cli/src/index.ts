export { ExitStatus } from './exit-status.ts'
export { hostbridge } from './hostbridge.ts'
