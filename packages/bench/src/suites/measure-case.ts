import { HostbridgeError } from '@hostbridge/core'
import type { CaseReport, Suite } from './bench-case.ts'
import { eventsSuite } from './events.ts'
import { measure } from './measure.ts'
import { memorySuite } from './memory.ts'
import { pciSuite } from './pci.ts'
import { replaySuite } from './replay.ts'
import { topologySuite } from './topology.ts'
import { translateSuite } from './translate.ts'

export const SUITES: readonly Suite[] = [translateSuite, memorySuite, topologySuite, pciSuite, eventsSuite, replaySuite]

/** @throws HostbridgeError `bench.suite` for a name that no suite has. */
export function suiteNamed(name: string): Suite {
  const suite = SUITES.find((candidate) => candidate.name === name)
  if (suite !== undefined) return suite
  const known = SUITES.map((candidate) => candidate.name).join(', ')
  throw new HostbridgeError('bench.suite', `there is no suite ${name}: there are ${known}`, { suite: name })
}

/**
 * Measures one case on this thread.
 *
 * @throws HostbridgeError `bench.unknown-case` for a name that the suite does not have, `bench.case` where it fails.
 */
export async function measureCase(
  suite: Suite,
  name: string,
  quick: boolean,
  signal?: AbortSignal,
): Promise<CaseReport> {
  const open = await suite.open(name, quick)
  if (open === undefined) {
    const known = suite.cases(false).join(', ')
    const message = `suite ${suite.name} has no case ${name}: it has ${known} and others like them`
    throw new HostbridgeError('bench.unknown-case', message, { suite: suite.name, case: name })
  }
  try {
    return await measure(name, open, { quick, ...(signal && { signal }) })
  } finally {
    await open.close?.()
  }
}
