import { Command } from 'commander'
import type { Perform } from '../action.ts'
import { ExitStatus } from '../exit-status.ts'
import type { Output } from '../output.ts'
import { loadScenario } from '../scenario.ts'

/** `hostbridge run SCENARIO`: runs an example, or any module that exports `build` and `main`. */
export function runCommand(perform: Perform): Command {
  return new Command('run')
    .description('run a scenario: a module that exports build() and main(print)')
    .argument('<scenario>', "a module's path, or the name of one in examples/")
    .option('--json', 'print one JSON object and nothing else')
    .action((name: string, options: { json?: boolean }) => perform(options, (output) => run(name, output)))
}

async function run(name: string, output: Output): Promise<number> {
  const scenario = await loadScenario(name)
  const facts = await scenario.main((line) => output.line(line))
  output.result({ scenario: name, ...facts })
  return ExitStatus.good
}
