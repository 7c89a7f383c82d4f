import { ValiError } from 'valibot'
import { runMemoryScenario } from './memory-scenario.ts'
import type { ScenarioOutcome } from './outcome.ts'
import { damagedRecording, readRecording } from './recording.ts'
import { runSpaprScenario } from './spapr-scenario.ts'

/** A step that did not come out as recorded. */
export interface ConformanceFailure {
  readonly file: string
  readonly scenario: string
  /** Counted from 0. */
  readonly step: number
  readonly expected: unknown
  readonly actual: unknown
}

/** How recorded scenarios came out; the counts below `scenarios` are of steps. */
export interface ConformanceReport {
  readonly files: number
  readonly scenarios: number
  readonly steps: number
  readonly passed: number
  readonly failed: number
  /** The first twenty. */
  readonly failures: readonly ConformanceFailure[]
}

export interface ConformanceOptions {
  readonly signal?: AbortSignal
  /** Is called after each scenario with how many have run. */
  onProgress?(scenarios: number): void
}

const FAILURES_KEPT = 20

/** What runs one scenario of each kind of recording. */
const KINDS: Readonly<Record<RecordingKind, (recording: unknown) => ScenarioOutcome>> = {
  memory: runMemoryScenario,
  spapr: runSpaprScenario,
}

export type RecordingKind = 'memory' | 'spapr'

/** The kinds of recordings that can be run. */
export const RECORDING_KINDS: readonly RecordingKind[] = Object.keys(KINDS) as RecordingKind[]

/**
 * Runs every scenario of the given recordings of one kind.
 *
 * @throws HostbridgeError `recording.damaged` with file and line for what is no recording, `input.unreadable`.
 */
export async function runConformance(
  kind: RecordingKind,
  files: readonly string[],
  options: ConformanceOptions = {},
): Promise<ConformanceReport> {
  const failures: ConformanceFailure[] = []
  let scenarios = 0
  let steps = 0
  let passed = 0
  for (const file of files) {
    for await (const { line, value } of readRecording(file)) {
      options.signal?.throwIfAborted()
      const outcome = runScenario(kind, file, line, value)
      scenarios++
      steps += outcome.steps.length
      for (const { step, passed: good, expected, actual } of outcome.steps) {
        if (good) passed++
        else if (failures.length < FAILURES_KEPT)
          failures.push({ file, scenario: outcome.name, step, expected, actual })
      }
      options.onProgress?.(scenarios)
    }
  }
  return { files: files.length, scenarios, steps, passed, failed: steps - passed, failures }
}

function runScenario(kind: RecordingKind, file: string, line: number, value: unknown): ScenarioOutcome {
  try {
    return KINDS[kind](value)
  } catch (cause) {
    if (cause instanceof ValiError) throw damagedRecording(file, line, `no scenario: ${cause.message}`, cause)
    throw cause
  }
}
