import { fileURLToPath } from 'node:url'
import { defineConfig } from 'vitest/config'

const [major = 0, minor = 0] = process.versions.node.split('.').map(Number)
if (major < 22 || (major === 22 && minor < 18)) {
  throw new Error(`hostbridge needs Node 22.18 or newer to run TypeScript as it is, this is ${process.version}`)
}

export default defineConfig({
  test: {
    include: ['packages/*/test/**/*.test.ts', 'examples/test/**/*.test.ts'],
    testTimeout: 30_000,
    // Threads that tests start take the half of the time when they find what has been compiled before.
    env: { NODE_COMPILE_CACHE: fileURLToPath(new URL('node_modules/.cache/hostbridge', import.meta.url)) },
    coverage: { provider: 'v8', include: ['packages/*/src/**'], reporter: ['text-summary', 'html'] },
  },
})
