import * as v from 'valibot'
import type { RecordedOperation, RecordedRegion, RecordedScenario } from './recorded-scenario.ts'

// The format is described in reference/README.md: numbers that can exceed 2^53 are hexadecimal strings.
const hexNumber = v.pipe(
  v.string(),
  v.regex(/^0x[0-9a-f]+$/),
  v.transform((text) => BigInt(text)),
)
const id = v.pipe(v.number(), v.integer())
const accessSize = v.picklist([0, 1, 2, 4, 8])
const accessSizes = v.tuple([accessSize, accessSize, v.boolean()])

const registers = { endianness: v.picklist(['little', 'big']), valid: accessSizes, impl: accessSizes }
const place = { id, size: hexNumber }

const region: v.GenericSchema<unknown, RecordedRegion> = v.variant('kind', [
  v.object({ kind: v.picklist(['container', 'ram', 'rom']), ...place }),
  v.object({ kind: v.picklist(['io', 'romd']), ...place, ...registers }),
  v.object({ kind: v.literal('alias'), ...place, target: id, offset: hexNumber }),
  v.object({ kind: v.literal('iommu'), ...place, minPageSize: hexNumber, targetSpace: id }),
])

const entry = {
  region: id,
  iova: hexNumber,
  translatedAddr: hexNumber,
  addrMask: hexNumber,
  perm: v.picklist([0, 1, 2, 3]),
}
const access = { space: id, addr: hexNumber }
const bytes = v.pipe(
  v.string(),
  v.regex(/^([0-9a-f]{2})*$/),
  v.transform((text) => new Uint8Array(Buffer.from(text, 'hex'))),
)

const operation: v.GenericSchema<unknown, RecordedOperation> = v.variant('op', [
  v.object({ op: v.literal('add'), parent: id, child: id, offset: hexNumber, priority: v.exactOptional(v.number()) }),
  v.object({ op: v.literal('del'), parent: id, child: id }),
  v.object({ op: v.literal('enable'), region: id, enabled: v.boolean() }),
  v.object({ op: v.literal('readonly'), region: id, readonly: v.boolean() }),
  v.object({ op: v.literal('romd'), region: id, romd: v.boolean() }),
  v.object({ op: v.literal('size'), region: id, size: hexNumber }),
  v.object({ op: v.picklist(['address', 'alias_offset']), region: id, offset: hexNumber }),
  v.object({ op: v.picklist(['begin', 'commit']) }),
  v.object({ op: v.literal('listen'), listener: id, space: id, priority: v.number() }),
  v.object({ op: v.literal('flat'), space: id }),
  v.object({ op: v.literal('read'), ...access, length: v.number() }),
  v.object({ op: v.literal('write'), ...access, bytes }),
  v.object({ op: v.literal('valid'), ...access, length: v.number(), write: v.boolean() }),
  v.object({ op: v.literal('map'), ...entry }),
  v.object({ op: v.literal('event'), type: v.picklist(['MAP', 'UNMAP', 'DEVIOTLB_UNMAP']), ...entry }),
  v.object({
    op: v.literal('notifier'),
    notifier: id,
    region: id,
    flags: v.array(v.picklist(['MAP', 'UNMAP', 'DEVIOTLB_UNMAP'])),
    start: hexNumber,
    end: hexNumber,
  }),
  v.object({ op: v.picklist(['unnotifier', 'replay']), notifier: id }),
])

const scenario: v.GenericSchema<unknown, RecordedScenario> = v.object({
  name: v.string(),
  regions: v.array(region),
  spaces: v.array(v.object({ id, root: id })),
  steps: v.array(v.looseObject({ op: v.string() })),
})

/** @throws ValiError where `value` is no scenario. */
export function parseScenario(value: unknown): RecordedScenario {
  return v.parse(scenario, value)
}

/** @throws ValiError where the step's operation is unknown or its arguments are wrong. */
export function parseOperation(step: unknown): RecordedOperation {
  return v.parse(operation, step)
}
