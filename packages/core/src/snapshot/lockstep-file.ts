import type { DomainState } from '../lockstep/domain-state.ts'
import { packSections, sectionsOf } from './sections.ts'
import { readText, textSection } from './text-section.ts'

/** A domain's state without what its model is, which is a section of its own. */
interface Described extends Omit<DomainState, 'model'> {
  /** Whether the model has saved itself as bytes, as a machine does. */
  readonly isBytes: boolean
}

/**
 * The states of all domains as the bytes of a file of the same form as a machine's: versioned, compressed, checked.
 *
 * Sections: `domains`, and of each `model N`.
 */
export function encodeDomains(states: readonly DomainState[]): Uint8Array<ArrayBuffer> {
  const described = states.map(({ model, ...state }): Described => ({ ...state, isBytes: model instanceof Uint8Array }))
  const models = states.map(({ model }, index) => {
    const name = `model ${index}`
    return model instanceof Uint8Array ? { name, bytes: model } : textSection(name, model)
  })
  return packSections([textSection('domains', described), ...models])
}

/**
 * What {@link encodeDomains} has made.
 *
 * @throws HostbridgeError `snapshot.damaged` with what is wrong and where, `snapshot.version`.
 */
export function decodeDomains(file: Uint8Array): DomainState[] {
  const section = sectionsOf(file)
  const described = readText('domains', section('domains')) as readonly Described[]
  return described.map(({ isBytes, ...state }, index) => {
    const name = `model ${index}`
    const bytes = section(name)
    return { ...state, model: isBytes ? bytes.slice() : readText(name, bytes) }
  })
}
