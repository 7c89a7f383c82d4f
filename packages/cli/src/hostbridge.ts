import { HostbridgeError } from '@hostbridge/core'
import { Command, CommanderError } from 'commander'
import type { Perform } from './action.ts'
import { benchCommand } from './commands/bench.ts'
import { conformanceCommand } from './commands/conformance.ts'
import { demoCommand } from './commands/demo.ts'
import { mtreeCommand } from './commands/mtree.ts'
import { runCommand } from './commands/run.ts'
import { traceCommand } from './commands/trace.ts'
import { traceDiffCommand } from './commands/trace-diff.ts'
import { ExitStatus, exitStatusOf } from './exit-status.ts'
import { Interrupted } from './interrupt.ts'
import { Output } from './output.ts'

/**
 * Runs the command line `argv` (without node and script) and answers with its exit status: 0 good, 1 a check failed,
 * 2 wrong usage or damaged input, 130 after Ctrl-C.
 */
export async function hostbridge(argv: readonly string[]): Promise<number> {
  let status: number = ExitStatus.good
  const perform: Perform = async (options, action) => {
    status = await action(new Output(options.json === true))
  }
  const program = new Command('hostbridge')
    .description('A discrete-event system emulator for memory, IOMMUs, DMA and VFIO passthrough.')
    .version('0.1.0')
    .exitOverride()
  for (const command of [
    demoCommand,
    traceCommand,
    benchCommand,
    conformanceCommand,
    runCommand,
    traceDiffCommand,
    mtreeCommand,
  ]) {
    program.addCommand(command(perform).exitOverride())
  }
  try {
    await program.parseAsync([...argv], { from: 'user' })
    return status
  } catch (error) {
    return statusOf(error)
  }
}

/** Commander has said what is wrong with the usage; everything else is said here. An unknown error is a bug: it keeps its stack. */
function statusOf(error: unknown): number {
  if (error instanceof CommanderError) return error.exitCode === 0 ? ExitStatus.good : ExitStatus.damagedInput
  if (error instanceof Interrupted) {
    process.stderr.write('hostbridge: interrupted\n')
    return ExitStatus.interrupted
  }
  if (error instanceof HostbridgeError) {
    process.stderr.write(`hostbridge: ${error.message}\n`)
    return exitStatusOf(error)
  }
  throw error
}
