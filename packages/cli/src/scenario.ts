import { existsSync } from 'node:fs'
import { resolve } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { HostbridgeError } from '@hostbridge/core'
import type { Machine } from '@hostbridge/core/machine'

/** What a run is told apart from others by; of a machine at the end of the scenario. */
export interface MachineFingerprint {
  readonly machine: string
  readonly events: number
  readonly fingerprint: string
  readonly memory?: string
}

/** What a scenario answers with, besides what it likes. */
export interface ScenarioFacts {
  readonly machines?: readonly MachineFingerprint[]
}

/** What a scenario's module exports: the machine to look at, and the run to read. */
export interface Scenario {
  /** Composes the machine, runs nothing. */
  build(): Machine
  /**
   * Runs the scenario, prints what a reader needs, and answers with its facts. Hands every machine to `watch` when it is
   * composed, before it runs; of those that live where it cannot, on worker threads, it tells the facts `machines`.
   */
  main(print: (line: string) => void, watch: (machine: Machine) => void): ScenarioFacts | Promise<ScenarioFacts>
}

const EXAMPLES = fileURLToPath(new URL('../../../examples', import.meta.url))

/**
 * Loads a scenario: a module's path, or the name of one in `examples/`, wherever the command runs.
 *
 * @throws HostbridgeError `scenario.missing` where there is no such file, `scenario.unreadable` where it cannot be loaded,
 *   `scenario.exports` where it is no scenario.
 */
export async function loadScenario(name: string): Promise<Scenario> {
  const places = [resolve(name), resolve('examples', name), resolve(EXAMPLES, name)]
  const file = places.flatMap((path) => [path, `${path}.ts`]).find(isModule)
  if (file === undefined) {
    throw new HostbridgeError(
      'scenario.missing',
      `there is no scenario ${name}: give a module's path or a name in examples/`,
      {
        name,
      },
    )
  }
  const { build, main } = await importScenario(file)
  if (typeof build !== 'function' || typeof main !== 'function') {
    throw new HostbridgeError(
      'scenario.exports',
      `${name} is no scenario: export build(): Machine and main(print, watch)`,
      {
        name,
      },
    )
  }
  return { build, main }
}

async function importScenario(file: string): Promise<Partial<Scenario>> {
  try {
    return (await import(pathToFileURL(file).href)) as Partial<Scenario>
  } catch (cause) {
    const { stack } = cause as Error
    const line = /^\S+:(\d+)$/m.exec(stack ?? '')?.[1]
    const message = `${file}${line === undefined ? '' : `, line ${line}`} cannot be loaded: ${String(cause)}`
    throw new HostbridgeError('scenario.unreadable', message, { file }, { cause })
  }
}

function isModule(path: string): boolean {
  return /\.m?[jt]s$/.test(path) && existsSync(path)
}
