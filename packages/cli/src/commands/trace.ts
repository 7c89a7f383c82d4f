import { type PlayResult, playTrace } from '@hostbridge/bench/trace'
import { Command } from 'commander'
import type { Perform } from '../action.ts'
import { ExitStatus } from '../exit-status.ts'
import { interruptible } from '../interrupt.ts'
import type { Output } from '../output.ts'
import { startProgress } from '../progress.ts'

interface TraceOptions {
  readonly json?: boolean
  readonly puts: boolean
}

/** `hostbridge trace FILE…`: plays recorded IOMMU traffic through a machine and compares every checkpoint. */
export function traceCommand(perform: Perform): Command {
  return new Command('trace')
    .description("play a guest's recorded IOMMU traffic through an emulated machine, and compare every checkpoint")
    .argument('<file...>', 'traces (.trace.gz)')
    .option('--no-puts', 'leave H_PUT_TCE and H_PUT_TCE_INDIRECT out: every translation then faults')
    .option('--json', 'print one JSON object and nothing else')
    .action((files: string[], options: TraceOptions) => perform(options, (output) => trace(files, options, output)))
}

async function trace(files: readonly string[], { puts }: TraceOptions, output: Output): Promise<number> {
  const played = await interruptible((signal) => playAll(files, !puts, signal))
  output.result({ files: played })
  output.table(
    ['trace', 'events', 'checkpoints', 'matched', 'translations', 'faults', 'seconds'],
    played.map(({ file, events, checkpoints, matched, translations, faults, seconds }) => [
      file,
      ...[events, checkpoints, matched, translations, faults].map(String),
      seconds.toFixed(2),
    ]),
  )
  const good = played.every(({ checkpoints, matched, faults }) => matched === checkpoints && faults === 0)
  return good ? ExitStatus.good : ExitStatus.checkFailed
}

async function playAll(files: readonly string[], withoutPuts: boolean, signal: AbortSignal): Promise<PlayResult[]> {
  const played: PlayResult[] = []
  for (const file of files) {
    const progress = startProgress(file)
    const onProgress = (events: number): void => progress.count(events, 'events')
    played.push(await playTrace(file, { signal, withoutPuts, onProgress }).finally(() => progress.stop()))
  }
  return played
}
