import { Fingerprint, hashText } from '../time/fingerprint.ts'

/**
 * One fingerprint for all domains, from their own in the order of the plan: whoever ran them, it is the same where each has
 * seen the same events in the same order.
 */
export function combineFingerprints(
  domains: readonly { readonly name: string; readonly fingerprint: string }[],
): string {
  const combined = new Fingerprint()
  domains.forEach(({ name, fingerprint }, number) => {
    combined.addNumbers(number, hashText(fingerprint), 0, hashText(name))
    combined.addNumbers(number, hashText(`${name} ${fingerprint}`), 1, 0)
  })
  return combined.toString()
}
