import { Argument, Command } from 'commander'
import type { Perform } from '../action.ts'
import { RECORDING_KINDS, type RecordingKind, runConformance } from '../conformance/run.ts'
import { ExitStatus } from '../exit-status.ts'
import { interruptible } from '../interrupt.ts'
import type { Output } from '../output.ts'
import { startProgress } from '../progress.ts'

/** `hostbridge conformance KIND FILE…`: runs recorded scenarios and counts the steps that come out as recorded. */
export function conformanceCommand(perform: Perform): Command {
  return new Command('conformance')
    .description('run scenarios that were recorded from independent software, and compare every step')
    .addArgument(new Argument('<kind>', 'what was recorded').choices(RECORDING_KINDS))
    .argument('<file...>', 'recordings (.jsonl.gz)')
    .option('--json', 'print one JSON object and nothing else')
    .action((kind: RecordingKind, files: string[], options: { json?: boolean }) =>
      perform(options, (output) => conformance(kind, files, output)),
    )
}

async function conformance(kind: RecordingKind, files: readonly string[], output: Output): Promise<number> {
  const progress = startProgress('conformance')
  const report = await interruptible((signal) =>
    runConformance(kind, files, { signal, onProgress: (scenarios) => progress.count(scenarios, 'scenarios') }),
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
