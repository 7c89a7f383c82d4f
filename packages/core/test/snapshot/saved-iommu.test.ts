import { expect, test } from 'vitest'
import { GiB, KiB, MiB } from '../../src/address/units.ts'
import { Iommu } from '../../src/iommu/iommu.ts'
import { PageTableIommu } from '../../src/iommu/page-table-iommu.ts'
import { RadixTable } from '../../src/iommu/radix-table.ts'
import type { RunCursor } from '../../src/iommu/run.ts'
import type { WorkerSource } from '../../src/iommu/source.ts'
import { Machine } from '../../src/machine/machine.ts'
import type { AddressSpace } from '../../src/memory/address-space.ts'
import { AliasRegion } from '../../src/memory/alias-region.ts'
import { ContainerRegion } from '../../src/memory/container-region.ts'
import type { PermissionBits, Translation } from '../../src/memory/translator.ts'
import { type FoundIommu, iommusOf, restoreIommu, saveIommu } from '../../src/snapshot/saved-iommu.ts'
import { restoreSnapshot, takeSnapshot } from '../../src/snapshot/snapshot.ts'
import { decodeSnapshot, encodeSnapshot } from '../../src/snapshot/snapshot-file.ts'

/** A machine with an IOMMU that only the composer has, in a space of its own and behind an alias. */
function build(options: { readonly name?: string; readonly size?: bigint; readonly maxBytes?: number } = {}) {
  const machine = new Machine('pc')
  const iommu = new PageTableIommu({ target: machine.space, size: 4n * GiB, ...options })
  const root = new ContainerRegion('bus')
  root.add(new AliasRegion('window', iommu.region), 0n)
  machine.memory.createSpace('bus', root)
  return { machine, iommu }
}

const found = (iommu: PageTableIommu): FoundIommu => ({ region: iommu.region, translator: iommu })

const entries = (iommu: PageTableIommu): number[] => [...saveIommu('', found(iommu)).runs]

test('a page-table IOMMU that no device owns comes back with its entries as they were, through a file', () => {
  const { machine, iommu } = build()
  iommu.map({ iova: 0n, size: 4n * MiB, to: 1n * GiB, access: 'rw', pageSize: 2n * MiB })
  iommu.map({ iova: 4n * MiB, size: 2n * MiB, to: 1n * GiB, access: 'r', pageSize: 4n * KiB })
  for (let page = 0n; page < 5000n; page++) {
    iommu.map({ iova: 1n * GiB + page * 8n * KiB, size: 4n * KiB, to: page * 4n * KiB, access: 'w' })
  }
  const file = encodeSnapshot(takeSnapshot(machine))
  const other = build()
  other.iommu.map({ iova: 512n * MiB, size: 4n * KiB, to: 0n, access: 'r' })

  restoreSnapshot(other.machine, decodeSnapshot(file))

  expect(entries(other.iommu)).toEqual(entries(iommu))
  expect(other.iommu.table.entries).toBe(2 + 512 + 5000)
})

test('is found once however it is mapped, and told from others of its name', () => {
  const { machine, iommu } = build()
  machine.map(0n, new AliasRegion('again', iommu.region))
  const second = machine.map(8n * GiB, new PageTableIommu({ target: machine.space, size: 1n * GiB }).region)

  const iommus = iommusOf(machine)

  expect([...iommus.keys()]).toEqual(['iommu', 'iommu #2'])
  expect(new Set(Array.from(iommus.values(), ({ translator }) => translator))).toEqual(
    new Set([iommu, second.translator]),
  )
})

test.each([
  ['size', { size: 8n * GiB }, "IOMMU 0 is 'iommu' of 0x100000000 bytes"],
  ['name', { name: 'other' }, "and 'other' of 0x100000000 bytes"],
])('of another %s is foreign, and nothing is changed', (_what, options, message) => {
  const snapshot = takeSnapshot(build().machine)
  const { machine, iommu } = build(options)
  iommu.map({ iova: 0n, size: 4n * KiB, to: 0n, access: 'r' })

  expect(() => restoreSnapshot(machine, snapshot)).toThrow(message)
  expect(iommu.table.entries).toBe(1)
})

/** An IOMMU of a composer's own: one page, moved by the number that it knows. */
class Moved extends Iommu {
  override readonly pageShift = 12
  override readonly target: AddressSpace
  frame = 0

  constructor(target: AddressSpace) {
    super('moved', 64n * KiB)
    this.target = target
  }

  override translate(_frame: number, _access: PermissionBits, out: Translation): void {
    Object.assign(out, { permission: 3, frame: this.frame, shift: 12, target: this.target })
  }

  override runs(): RunCursor {
    return new RadixTable().runs(0, 0)
  }

  override source(): WorkerSource {
    return new RadixTable().source()
  }
}

class Saved extends Moved {
  state: () => unknown = () => ({ frame: this.frame })

  override save(): unknown {
    return this.state()
  }

  override restore(state: unknown): void {
    this.frame = (state as { frame: number }).frame
    Object.assign(state as object, { frame: -1 })
  }
}

function withIommu<I extends Moved>(make: (target: AddressSpace) => I): { machine: Machine; iommu: I } {
  const machine = new Machine('pc')
  const iommu = make(machine.space)
  machine.map(0n, iommu.region)
  return { machine, iommu }
}

test('an IOMMU of another kind is refused by name, unless a device has what it knows', () => {
  const { machine, iommu } = withIommu((target) => new Moved(target))

  expect(() => takeSnapshot(machine)).toThrow(
    "a snapshot would lose what IOMMU 'moved' has mapped: give it save() and restore(), or set its savedByDevice",
  )
  iommu.savedByDevice = true
  expect(takeSnapshot(machine).iommus).toEqual([])
})

test('an IOMMU of another kind that saves itself comes back, through a file and on the machine itself', () => {
  const { machine, iommu } = withIommu((target) => new Saved(target))
  iommu.frame = 5
  const snapshot = takeSnapshot(machine)
  const other = withIommu((target) => new Saved(target))
  iommu.frame = 7

  restoreSnapshot(other.machine, decodeSnapshot(encodeSnapshot(snapshot)))
  for (let again = 0; again < 2; again++) restoreSnapshot(machine, snapshot)

  expect([iommu.frame, other.iommu.frame]).toEqual([5, 5])
})

test('an IOMMU whose state is no plain data is named', () => {
  const { machine, iommu } = withIommu((target) => new Saved(target))
  iommu.state = () => () => {}

  expect(() => takeSnapshot(machine)).toThrow("the state of IOMMU 'moved' cannot be saved")
})

test('with a smaller table than the saved one is named', () => {
  const { iommu } = build()
  for (let page = 0n; page < 20n; page++) iommu.map({ iova: page * 64n * MiB, size: 4n * KiB, to: 0n, access: 'r' })
  const saved = saveIommu('iommu', found(iommu))

  expect(() => restoreIommu(found(build({ maxBytes: 0x1_0000 }).iommu), saved)).toThrow(
    "the mappings of IOMMU 'iommu' cannot be restored: the page table would take more than its 65536 bytes",
  )
})
