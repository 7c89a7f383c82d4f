import { isDeepStrictEqual } from 'node:util'

/** How one step came out. */
export interface StepOutcome {
  /** Counted from 0. */
  readonly step: number
  readonly op: string
  readonly passed: boolean
  /** What was recorded. */
  readonly expected: object
  /** What was seen of it; of a step that failed to run, its error. */
  readonly actual: object
}

/** How the steps of one scenario came out, in order. */
export interface ScenarioOutcome {
  readonly name: string
  readonly steps: readonly StepOutcome[]
}

/** A scenario as it was recorded, as far as all kinds agree. */
export interface RecordedSteps<Step extends { readonly op: string }> {
  readonly name: string
  readonly steps: readonly Step[]
}

/**
 * Makes every step of a scenario and compares what is seen with what was recorded.
 *
 * A failed step does not end the scenario. A step that throws, or whose operation is not known, has failed; a step without an
 * observation passes if it runs.
 */
export function runSteps<Step extends { readonly op: string }>(
  scenario: RecordedSteps<Step>,
  perform: (step: Step) => object,
  recordedOf: (step: Step) => object,
): ScenarioOutcome {
  const steps = scenario.steps.map((step, index): StepOutcome => {
    const expected = recordedOf(step)
    let actual: object
    try {
      actual = pick(perform(step), Object.keys(expected))
    } catch (error) {
      return { step: index, op: step.op, passed: false, expected, actual: { error: String(error) } }
    }
    return { step: index, op: step.op, passed: isDeepStrictEqual(actual, expected), expected, actual }
  })
  return { name: scenario.name, steps }
}

/** Those of the named keys that an object has. */
export function pick(from: object, keys: readonly string[]): object {
  return Object.fromEntries(Object.entries(from).filter(([key]) => keys.includes(key)))
}
