import { parentPort } from 'node:worker_threads'
import { openSource, type RunWalker, type WorkerSource } from '../../src/iommu/source.ts'
import { collect } from './entry-list-model.ts'

let walk: RunWalker

/** Opens the source that it is sent, or keeps the one before, and answers with all runs. */
parentPort?.on('message', (source: WorkerSource | undefined) => {
  if (source !== undefined) walk = openSource(source)
  parentPort?.postMessage(collect(walk(0, 2 ** 52 - 1)))
})
