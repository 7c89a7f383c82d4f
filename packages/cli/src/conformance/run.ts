import { ValiError } from 'valibot'
import { runMemoryScenario, type ScenarioOutcome } from './memory-scenario.ts'
import { damagedRecording, readRecording } from './recording.ts'

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

/**
 * Runs every scenario of the given recordings of the memory core.
 *
 * @throws HostbridgeError `recording.damaged` with file and line for what is no recording, `input.unreadable`.
 */
export async function runConformance(
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
      const outcome = runScenario(file, line, value)
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

function runScenario(file: string, line: number, value: unknown): ScenarioOutcome {
  try {
    return runMemoryScenario(value)
  } catch (cause) {
    if (cause instanceof ValiError) throw damagedRecording(file, line, `no scenario: ${cause.message}`, cause)
    throw cause
  }
}
