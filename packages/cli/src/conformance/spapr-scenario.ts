import { pick, runSteps, type ScenarioOutcome } from './outcome.ts'
import { parseSpaprOperation, parseSpaprScenario } from './spapr-format.ts'
import { SpaprWorld } from './spapr-world.ts'

/**
 * Runs every step of one recorded scenario of a pseries machine, given as one parsed line of a recording.
 *
 * @throws ValiError where `recording` is no scenario.
 */
export function runSpaprScenario(recording: unknown): ScenarioOutcome {
  const scenario = parseSpaprScenario(recording)
  const world = new SpaprWorld()
  return runSteps(scenario, (step) => world.run(parseSpaprOperation(step)), recordedOf)
}

/** What was recorded of a step: `tce` of a read entry and `bytes` of a read are seen, those of a write are arguments. An absent log is empty. */
function recordedOf(step: { readonly op: string }): object {
  const keys = ['log', 'ret', 'rets', 'windows', 'result']
  if (step.op === 'get') keys.push('tce')
  if (step.op.endsWith('_read')) keys.push('bytes')
  return { log: [], ...pick(step, keys) }
}
