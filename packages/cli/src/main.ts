#!/usr/bin/env node
import { enableCompileCache } from 'node:module'

// Somebody who stops reading, such as `head`, changes nothing about the result.
for (const stream of [process.stdout, process.stderr]) {
  stream.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error
  })
}

// What is compiled once need not be compiled again: the next start takes half the time.
enableCompileCache()
const { hostbridge } = await import('./hostbridge.ts')
process.exitCode = await hostbridge(process.argv.slice(2))
