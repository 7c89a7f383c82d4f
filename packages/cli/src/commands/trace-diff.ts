import { readFileSync } from 'node:fs'
import { HostbridgeError } from '@hostbridge/core'
import { diffTraces } from '@hostbridge/core/trace'
import { Command } from 'commander'
import type { Perform } from '../action.ts'
import { ExitStatus } from '../exit-status.ts'
import type { Output } from '../output.ts'

interface TraceDiffOptions {
  readonly json?: boolean
  readonly context: string
}

/** `hostbridge trace-diff A B`: tells where two traces of `run --trace-out` part. */
export function traceDiffCommand(perform: Perform): Command {
  return new Command('trace-diff')
    .description('tell where two traces that run --trace-out has written part, with the lines around')
    .argument('<left>', 'a trace, text or JSON')
    .argument('<right>', 'another of the same kind')
    .option('--context <lines>', 'lines to show before and after', '3')
    .option('--json', 'print one JSON object and nothing else')
    .action((left: string, right: string, options: TraceDiffOptions) => {
      return perform(options, async (output) => traceDiff(left, right, options, output))
    })
}

function traceDiff(left: string, right: string, options: TraceDiffOptions, output: Output): number {
  if (!/^\d{1,4}$/.test(options.context)) {
    const message = `--context ${options.context} is no number of lines: give 0 to 9999`
    throw new HostbridgeError('trace.context', message, { context: options.context })
  }
  const difference = diffTraces(linesOf(left), linesOf(right), Number(options.context))
  if (difference === undefined) {
    output.line('The traces are the same.')
    output.result({ files: [left, right], same: true })
    return ExitStatus.good
  }
  output.line(`The traces part at line ${difference.line + 1}.`)
  for (const line of difference.before) output.line(`  ${line}`)
  for (const line of difference.left) output.line(`< ${line}`)
  if (difference.left.length === 0) output.line(`< (${left} ends)`)
  for (const line of difference.right) output.line(`> ${line}`)
  if (difference.right.length === 0) output.line(`> (${right} ends)`)
  output.result({ files: [left, right], same: false, ...difference })
  return ExitStatus.checkFailed
}

function linesOf(file: string): string[] {
  try {
    return readFileSync(file, 'utf8').trimEnd().split('\n')
  } catch (cause) {
    const message = `${file} cannot be read: ${String(cause)}`
    throw new HostbridgeError('trace.unreadable', message, { file }, { cause })
  }
}
