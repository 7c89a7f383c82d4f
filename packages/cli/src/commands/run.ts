import type { Machine } from '@hostbridge/core/machine'
import { memoryFingerprint } from '@hostbridge/core/snapshot'
import { Command } from 'commander'
import type { Perform } from '../action.ts'
import { ExitStatus } from '../exit-status.ts'
import type { Output } from '../output.ts'
import { startProgress } from '../progress.ts'
import { loadScenario } from '../scenario.ts'

interface RunCommandOptions {
  readonly json?: boolean
  readonly memory?: boolean
}

/** What a run is told apart from others by; of a machine at the end of the scenario. */
interface MachineFingerprint {
  readonly machine: string
  readonly events: number
  readonly fingerprint: string
  readonly memory?: string
}

/** `hostbridge run SCENARIO`: runs an example, or any module that exports `build` and `main`. */
export function runCommand(perform: Perform): Command {
  return new Command('run')
    .description('run a scenario: a module that exports build() and main(print, watch)')
    .argument('<scenario>', "a module's path, or the name of one in examples/")
    .option('--memory', 'hash the contents of memory as well')
    .option('--json', 'print one JSON object and nothing else')
    .action((name: string, options: RunCommandOptions) => perform(options, (output) => run(name, options, output)))
}

async function run(name: string, options: RunCommandOptions, output: Output): Promise<number> {
  const scenario = await loadScenario(name)
  const machines: Machine[] = []
  const facts = await watched(name, (watch) => scenario.main((line) => output.line(line), watch), machines)
  const fingerprints = machines.map((machine) => fingerprintOf(machine, options.memory === true))
  for (const { machine, events, fingerprint, memory } of fingerprints) {
    const more = memory === undefined ? '' : `, memory ${memory}`
    output.line(`Fingerprint of '${machine}': ${fingerprint}, ${events} events${more}`)
  }
  output.result({ scenario: name, ...facts, fingerprints })
  return ExitStatus.good
}

/** Runs a scenario, collects its machines, and shows on a terminal how many events have happened in a run of theirs. */
async function watched<T>(
  name: string,
  main: (watch: (machine: Machine) => void) => T | Promise<T>,
  machines: Machine[],
): Promise<T> {
  const progress = startProgress(name)
  try {
    return await main((machine) => {
      machines.push(machine)
      machine.events.on('progress', (events) => progress.count(events, 'events'))
    })
  } finally {
    progress.stop()
  }
}

function fingerprintOf(machine: Machine, withMemory: boolean): MachineFingerprint {
  const { events } = machine.fingerprint
  const fingerprint = machine.fingerprint.toString()
  const memory = withMemory ? { memory: memoryFingerprint(machine) } : {}
  return { machine: machine.name, events, fingerprint, ...memory }
}
