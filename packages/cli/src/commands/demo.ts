import { fileURLToPath } from 'node:url'
import { type CaseReport, runSuites } from '@hostbridge/bench'
import { checkHotplug, type HotplugCheck, type PlayResult, playTrace } from '@hostbridge/bench/trace'
import { Host, Type1Iommu } from '@hostbridge/devices/vfio'
import { Command } from 'commander'
import type { Perform } from '../action.ts'
import { printCases } from '../case-table.ts'
import { ExitStatus } from '../exit-status.ts'
import { interruptible } from '../interrupt.ts'
import type { Output } from '../output.ts'
import { startProgress } from '../progress.ts'

interface DemoOptions {
  readonly json?: boolean
  readonly quick?: boolean
  readonly trace: string
}

/** What the hotplugs of a whole trace came to; the keys are the command's contract. */
interface Hotplugs extends Pick<HotplugCheck, 'events' | 'bytes' | 'failures' | 'verified' | 'accesses' | 'faults'> {
  readonly hotplugs: number
}

const TRACE = fileURLToPath(
  new URL('../../../../reference/traces/pseries-linux-6.12-dynamic.trace.gz', import.meta.url),
)

/** Each pattern in a window of 16 GiB, and the dense one in 256 GiB, 512 MiB of table, on more and more threads. */
const CASES = ['empty/22/0', 'half/22/0', 'random/22/0', 'dense/22/0', 'dense/26/0', 'dense/26/1', 'dense/26/2']
const QUICK_CASES = ['empty/16/0', 'half/16/0', 'random/16/0', 'dense/16/0', 'dense/16/1', 'dense/16/2']

/** `hostbridge demo`: the main job, from a guest's trace to windows replayed on worker threads. */
export function demoCommand(perform: Perform): Command {
  return new Command('demo')
    .description("play a real guest's trace, hotplug a VFIO device onto its mappings, replay large windows on workers")
    .option('--trace <file>', 'the trace to play', TRACE)
    .option('--quick', 'replay small windows only')
    .option('--json', 'print one JSON object and nothing else')
    .action((options: DemoOptions) =>
      perform(options, (output) => interruptible((signal) => demo(options, output, signal))),
    )
}

async function demo({ trace: file, quick = false }: DemoOptions, output: Output, signal: AbortSignal): Promise<number> {
  output.line('A Linux guest boots on a pseries machine; its IOMMU traffic was recorded in QEMU, and is played here.')
  output.line('At every checkpoint a VFIO device is hotplugged onto what the guest has mapped by then, does DMA to the')
  output.line("first and the last bytes of every page through the host's own table, and is unplugged.\n")
  const { trace, hotplug } = await playWithHotplugs(file, signal)
  const { hotplugs, events, bytes, accesses, failures } = hotplug
  output.line(`  ${trace.events} events, ${trace.matched} of ${trace.checkpoints} checkpoints as QEMU replayed them,`)
  output.line(`  ${trace.translations} translations, ${trace.faults} faults, in ${trace.seconds.toFixed(1)} s`)
  output.line(`  ${hotplugs} hotplugs: ${events} mappings replayed (${bytes} bytes), ${failures.length} refused,`)
  output.line(
    `  ${accesses} DMA accesses, ${hotplug.verified ? 'every one as the guest permits it' : 'NOT as the guest permits it:'}`,
  )
  for (const fault of hotplug.faults) output.line(`    ${fault}`)

  output.line('\nLarge windows, replayed whole (pattern / log2 of the pages / worker threads; 0 is this thread):\n')
  const replay = await replayWindows(quick ? QUICK_CASES : CASES, signal)
  printCases(output, replay)
  output.line(`\nPeak memory ${Math.round(process.resourceUsage().maxRSS / 1024)} MiB.`)
  output.result({ trace, hotplug, replay, peakMemoryMiB: Math.round(process.resourceUsage().maxRSS / 1024) })
  const good = trace.matched === trace.checkpoints && trace.faults === 0 && hotplug.verified
  return good ? ExitStatus.good : ExitStatus.checkFailed
}

async function playWithHotplugs(file: string, signal: AbortSignal): Promise<{ trace: PlayResult; hotplug: Hotplugs }> {
  const host = new Host({ iommu: new Type1Iommu() })
  const checks: HotplugCheck[] = []
  const progress = startProgress('trace')
  const trace = await playTrace(file, {
    signal,
    onProgress: (events) => progress.count(events, 'events'),
    onCheckpoint: (_machine, phb) => {
      checks.push(checkHotplug(host, phb))
    },
  }).finally(() => progress.stop())
  const hotplug = {
    hotplugs: checks.length,
    events: checks.reduce((sum, { events }) => sum + events, 0),
    bytes: checks.reduce((sum, { bytes }) => sum + bytes, 0n),
    failures: checks.flatMap(({ failures }) => failures),
    verified: checks.every(({ verified }) => verified),
    accesses: checks.reduce((sum, { accesses }) => sum + accesses, 0),
    faults: checks.flatMap(({ faults }) => faults),
  }
  return { trace, hotplug }
}

async function replayWindows(cases: readonly string[], signal: AbortSignal): Promise<readonly CaseReport[]> {
  const progress = startProgress('replay')
  const { suites } = await runSuites({
    suites: ['replay'],
    cases,
    quick: true,
    signal,
    onProgress: (done, total) => progress.update(done, total),
  }).finally(() => progress.stop())
  return suites.flatMap(({ cases }) => cases)
}
