import type { Machine } from '@hostbridge/core/machine'
import { memoryFingerprint } from '@hostbridge/core/snapshot'
import { Command } from 'commander'
import type { Perform } from '../action.ts'
import { ExitStatus } from '../exit-status.ts'
import type { Output } from '../output.ts'
import { startProgress } from '../progress.ts'
import { loadScenario, type MachineFingerprint } from '../scenario.ts'
import { type DeviceFigures, TracedRun, type TracedRunOptions } from '../traced-run.ts'

interface RunCommandOptions extends TracedRunOptions {
  readonly counters?: boolean
  readonly json?: boolean
  readonly memory?: boolean
}

/** `hostbridge run SCENARIO`: runs an example, or any module that exports `build` and `main`. */
export function runCommand(perform: Perform): Command {
  return new Command('run')
    .description('run a scenario: a module that exports build() and main(print, watch)')
    .argument('<scenario>', "a module's path, or the name of one in examples/")
    .option('--memory', 'hash the contents of memory as well')
    .option(
      '--trace-out <file>',
      "write down what happened: Chrome's JSON (Perfetto opens it) where it ends in .json, else text",
    )
    .option('--trace-filter <terms>', 'take down only that: device=GLOB category=NAME time=FROM..TO')
    .option('--trace-last <count>', 'keep only the last records of each machine')
    .option('--counters', 'count what happened to each device')
    .option('--json', 'print one JSON object and nothing else')
    .action((name: string, options: RunCommandOptions) => perform(options, (output) => run(name, options, output)))
}

async function run(name: string, options: RunCommandOptions, output: Output): Promise<number> {
  const scenario = await loadScenario(name)
  const traced = options.traceOut === undefined && options.counters !== true ? undefined : new TracedRun(options)
  const machines: Machine[] = []
  const watch = (machine: Machine): void => {
    machines.push(machine)
    traced?.watch(machine)
  }
  const { machines: elsewhere = [], ...facts } = await withProgress(name, watch, (watchToo, hide) =>
    scenario.main((line) => {
      hide()
      output.line(line)
    }, watchToo),
  )
  traced?.write()
  if (traced !== undefined && machines.length === 0) {
    output.line(`Nothing was traced: ${name} hands no machine to watch, or has them where it cannot, in domains.`)
  }
  const watched = machines.map((machine) => fingerprintOf(machine, options.memory === true))
  const fingerprints = [...watched, ...elsewhere]
  for (const { machine, events, fingerprint, memory } of fingerprints) {
    const more = memory === undefined ? '' : `, memory ${memory}`
    output.line(`Fingerprint of '${machine}': ${fingerprint}, ${events} events${more}`)
  }
  const blocked = machines.flatMap(waitsOf)
  for (const { machine, waits } of blocked) output.line(`'${machine}' cannot go on: ${waits.join('; ')}`)
  const counters = options.counters === true ? { counters: traced?.figures() ?? [] } : {}
  if (counters.counters !== undefined) printCounters(counters.counters, output)
  output.result({ scenario: name, ...facts, fingerprints, ...(blocked.length > 0 && { blocked }), ...counters })
  return ExitStatus.good
}

/** Runs a scenario and shows on a terminal how many events have happened in a run of its machines, and the virtual time. */
async function withProgress<T>(
  name: string,
  watch: (machine: Machine) => void,
  main: (watch: (machine: Machine) => void, hide: () => void) => T | Promise<T>,
): Promise<T> {
  const progress = startProgress(name)
  try {
    return await main((machine) => {
      watch(machine)
      machine.events.on('progress', (events, now) => progress.count(events, 'events', `${Number(now) / 1e6} ms`))
    }, progress.stop)
  } finally {
    progress.stop()
  }
}

/** Who waits for whom in a machine in which nothing happens any more. */
function waitsOf(machine: Machine): { machine: string; waits: string[] }[] {
  const waits = machine.queue.size === 0 ? machine.waits.report() : []
  return waits.length === 0 ? [] : [{ machine: machine.name, waits }]
}

function printCounters(counters: readonly DeviceFigures[], output: Output): void {
  output.table(
    ['machine', 'device', 'what', 'count', 'bytes', 'median ns', 'p99 ns', 'max ns'],
    counters.map(({ machine, device, category, name, count, bytes, median, p99, max }) => [
      machine,
      device || '-',
      `${category} ${name}`,
      ...[count, bytes, median ?? '', p99 ?? '', max ?? ''].map(String),
    ]),
  )
}

function fingerprintOf(machine: Machine, withMemory: boolean): MachineFingerprint {
  const { events } = machine.fingerprint
  const fingerprint = machine.fingerprint.toString()
  const memory = withMemory ? { memory: memoryFingerprint(machine) } : {}
  return { machine: machine.name, events, fingerprint, ...memory }
}
