import * as v from 'valibot'
import type { RecordedSteps } from './outcome.ts'

/** A TCE that a hypercall names. */
interface Entry {
  readonly liobn: bigint
  readonly ioba: bigint
}

/** One recorded operation of a pseries machine, with its arguments. */
export type SpaprOperation =
  | { readonly op: 'reset' | 'attach' | 'detach' }
  | (Entry & { readonly op: 'put'; readonly tce: bigint })
  | (Entry & { readonly op: 'get' })
  | (Entry & { readonly op: 'stuff'; readonly tce: bigint; readonly count: bigint })
  | (Entry & { readonly op: 'indirect'; readonly list: bigint; readonly count: bigint; readonly tces: bigint[] })
  | FirmwareCall
  | { readonly op: 'dma_read' | 'mem_read' | 'mmio_read'; readonly addr: bigint; readonly length: number }
  | { readonly op: 'dma_write' | 'mem_write' | 'mmio_write'; readonly addr: bigint; readonly bytes: Uint8Array }

export interface FirmwareCall {
  readonly op: 'rtas'
  readonly name: string
  readonly token: number
  readonly args: number[]
  readonly nret: number
}

// The format is described in reference/README.md: numbers that can exceed 2^53 are hexadecimal strings.
const number = v.union([
  v.pipe(
    v.string(),
    v.regex(/^0x[0-9a-f]+$/),
    v.transform((text) => BigInt(text)),
  ),
  v.pipe(
    v.number(),
    v.integer(),
    v.transform((value) => BigInt(value)),
  ),
])
const word = v.pipe(v.number(), v.integer(), v.minValue(0), v.maxValue(0xffff_ffff))
const entry = { liobn: number, ioba: number }
const bytes = v.pipe(
  v.string(),
  v.regex(/^([0-9a-f]{2})*$/),
  v.transform((text) => new Uint8Array(Buffer.from(text, 'hex'))),
)
const length = v.pipe(v.number(), v.integer(), v.minValue(0), v.maxValue(2 ** 20))

const operation: v.GenericSchema<unknown, SpaprOperation> = v.variant('op', [
  v.object({ op: v.picklist(['reset', 'attach', 'detach']) }),
  v.object({ op: v.literal('put'), ...entry, tce: number }),
  v.object({ op: v.literal('get'), ...entry }),
  v.object({ op: v.literal('stuff'), ...entry, tce: number, count: number }),
  v.object({ op: v.literal('indirect'), ...entry, list: number, count: number, tces: v.array(number) }),
  v.object({ op: v.literal('rtas'), name: v.string(), token: word, args: v.array(word), nret: word }),
  v.object({ op: v.picklist(['dma_read', 'mem_read', 'mmio_read']), addr: number, length }),
  v.object({ op: v.picklist(['dma_write', 'mem_write', 'mmio_write']), addr: number, bytes }),
])

const scenario: v.GenericSchema<unknown, RecordedSteps<{ readonly op: string }>> = v.object({
  name: v.string(),
  steps: v.array(v.looseObject({ op: v.string() })),
})

/** @throws ValiError where `value` is no scenario. */
export function parseSpaprScenario(value: unknown): RecordedSteps<{ readonly op: string }> {
  return v.parse(scenario, value)
}

/** @throws ValiError where the step's operation is unknown or its arguments are wrong. */
export function parseSpaprOperation(step: unknown): SpaprOperation {
  return v.parse(operation, step)
}
