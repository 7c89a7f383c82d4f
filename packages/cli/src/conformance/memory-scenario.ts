import { isDeepStrictEqual } from 'node:util'
import { parseOperation, parseScenario } from './memory-format.ts'
import { MemoryWorld, type Observation } from './memory-world.ts'

/** How one step came out. */
export interface StepOutcome {
  /** Counted from 0. */
  readonly step: number
  readonly op: string
  readonly passed: boolean
  /** What was recorded. */
  readonly expected: Observation
  /** What the core showed; of a step that failed to run, its error. */
  readonly actual: Observation | { readonly error: string }
}

/** How the steps of one scenario came out, in order. */
export interface ScenarioOutcome {
  readonly name: string
  readonly steps: readonly StepOutcome[]
}

/**
 * Runs every step of one recorded scenario of the memory core, given as one parsed line of a recording.
 *
 * A failed step does not end the scenario. A step that throws, or whose operation is not known, has failed; a step without an
 * observation passes if it runs.
 *
 * @throws ValiError where `recording` is no scenario.
 */
export function runMemoryScenario(recording: unknown): ScenarioOutcome {
  const scenario = parseScenario(recording)
  const world = new MemoryWorld(scenario)
  const steps = scenario.steps.map((step, index): StepOutcome => {
    const expected = observationOf(step)
    let actual: Observation
    try {
      actual = world.run(parseOperation(step))
    } catch (error) {
      return { step: index, op: step.op, passed: false, expected, actual: { error: String(error) } }
    }
    const shown = pick(actual, Object.keys(expected))
    return { step: index, op: step.op, passed: isDeepStrictEqual(shown, expected), expected, actual: shown }
  })
  return { name: scenario.name, steps }
}

/** What was recorded of a step. The bytes of a write are its argument. */
function observationOf(step: { readonly op: string }): Observation {
  const keys = ['log', 'result', 'valid', 'rc', ...(step.op === 'read' ? ['bytes'] : [])]
  return pick(step, keys)
}

function pick(from: object, keys: readonly string[]): Observation {
  return Object.fromEntries(Object.entries(from).filter(([key]) => keys.includes(key)))
}
