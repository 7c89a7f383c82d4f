import { runSuites } from '@hostbridge/bench'
import { Command } from 'commander'
import type { Perform } from '../action.ts'
import { printCases } from '../case-table.ts'
import { ExitStatus } from '../exit-status.ts'
import { interruptible } from '../interrupt.ts'
import type { Output } from '../output.ts'
import { startProgress } from '../progress.ts'

interface BenchOptions {
  readonly json?: boolean
  readonly case?: string
  readonly quick?: boolean
}

/** `hostbridge bench [SUITE…]`: measures, and prints medians with their spread. */
export function benchCommand(perform: Perform): Command {
  return new Command('bench')
    .description('run benchmark suites and print medians with their spread')
    .argument('[suite...]', 'translate, memory, topology, pci, events, replay; all unless told')
    .option('--case <name>', 'run one case, such as dense/26/0')
    .option('--quick', 'a short run on small tables that shows that everything works')
    .option('--json', 'print one JSON object and nothing else')
    .action((suites: string[], options: BenchOptions) => perform(options, (output) => bench(suites, options, output)))
}

async function bench(suites: readonly string[], options: BenchOptions, output: Output): Promise<number> {
  const progress = startProgress('bench')
  const report = await interruptible((signal) =>
    runSuites({
      ...(suites.length > 0 && { suites }),
      ...(options.case !== undefined && { cases: [options.case] }),
      quick: options.quick ?? false,
      signal,
      onProgress: (done, total) => progress.update(done, total),
    }),
  ).finally(() => progress.stop())

  output.result(report)
  output.line(`Node ${report.node} on ${report.cpu}`)
  for (const { suite, cases } of report.suites) {
    output.line(`\n${suite}`)
    printCases(output, cases)
  }
  return ExitStatus.good
}
