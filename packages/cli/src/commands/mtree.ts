import { Command } from 'commander'
import type { Perform } from '../action.ts'
import { describeSpace } from '../describe-space.ts'
import { ExitStatus } from '../exit-status.ts'
import type { Output } from '../output.ts'
import { loadScenario } from '../scenario.ts'

/** `hostbridge mtree SCENARIO`: prints the memory tree and the flat views of a scenario's machine. */
export function mtreeCommand(perform: Perform): Command {
  return new Command('mtree')
    .description("print the memory tree and the flat views of a scenario's machine")
    .argument('<scenario>', "a module's path, or the name of one in examples/")
    .option('--json', 'print one JSON object and nothing else')
    .action((name: string, options: { json?: boolean }) => perform(options, (output) => mtree(name, output)))
}

async function mtree(name: string, output: Output): Promise<number> {
  const { build } = await loadScenario(name)
  const machine = build()
  output.line(machine.mtree())
  output.result({ scenario: name, machine: machine.name, spaces: machine.memory.spaces.map(describeSpace) })
  return ExitStatus.good
}
