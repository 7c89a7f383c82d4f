import { HostbridgeError } from '@hostbridge/core'
import { Argument, Command } from 'commander'
import type { Perform } from '../action.ts'
import { runConformance } from '../conformance/run.ts'
import { ExitStatus } from '../exit-status.ts'
import { interruptible } from '../interrupt.ts'
import type { Output } from '../output.ts'
import { startProgress } from '../progress.ts'

/** `hostbridge conformance KIND FILE…`: runs recorded scenarios and counts the steps that come out as recorded. */
export function conformanceCommand(perform: Perform): Command {
  return new Command('conformance')
    .description('run scenarios that were recorded from independent software, and compare every step')
    .addArgument(new Argument('<kind>', 'what was recorded').choices(['memory']))
    .argument('<file...>', 'recordings (.jsonl.gz)')
    .option('--json', 'print one JSON object and nothing else')
    .action((kind: string, files: string[], options: { json?: boolean }) =>
      perform(options, (output) => conformance(kind, files, output)),
    )
}

async function conformance(kind: string, files: readonly string[], output: Output): Promise<number> {
  if (kind !== 'memory')
    throw new HostbridgeError('conformance.kind', `no recordings of kind ${kind} can be run`, { kind })
  const progress = startProgress('conformance')
  const report = await interruptible((signal) =>
    runConformance(files, { signal, onProgress: (scenarios) => progress.count(scenarios, 'scenarios') }),
  ).finally(() => progress.stop())

  output.result({ kind, ...report })
  output.line(
    `${report.passed} of ${report.steps} steps pass, in ${report.scenarios} scenarios of ${report.files} files`,
  )
  for (const failure of report.failures) {
    output.line(`\n${failure.file}: ${failure.scenario}, step ${failure.step}`)
    output.line(`  expected ${JSON.stringify(failure.expected)}`)
    output.line(`  actual   ${JSON.stringify(failure.actual)}`)
  }
  if (report.failed > report.failures.length) output.line(`\n… and ${report.failed - report.failures.length} more`)
  return report.failed === 0 ? ExitStatus.good : ExitStatus.checkFailed
}
