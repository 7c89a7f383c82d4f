import { parseOperation, parseScenario } from './memory-format.ts'
import { MemoryWorld } from './memory-world.ts'
import { pick, runSteps, type ScenarioOutcome } from './outcome.ts'

/**
 * Runs every step of one recorded scenario of the memory core, given as one parsed line of a recording.
 *
 * @throws ValiError where `recording` is no scenario.
 */
export function runMemoryScenario(recording: unknown): ScenarioOutcome {
  const scenario = parseScenario(recording)
  const world = new MemoryWorld(scenario)
  return runSteps(scenario, (step) => world.run(parseOperation(step)), recordedOf)
}

/** What was recorded of a step. The bytes of a write are its argument. */
function recordedOf(step: { readonly op: string }): object {
  return pick(step, ['log', 'result', 'valid', 'rc', ...(step.op === 'read' ? ['bytes'] : [])])
}
