import { addressOf, PAGE_SHIFT, type Range, RangeMap, splitAddress, WHOLE_SPACE } from '../address/index.ts'
import { MemTx, type MemTxAttrs, type MemTxResult } from '../memory/access.ts'
import type { AddressSpace } from '../memory/address-space.ts'
import { Permission, type PermissionBits, type Translation } from '../memory/translator.ts'
import { entryStart, framesOfShift } from './entry-size.ts'
import type { IommuEvent } from './event.ts'
import type { Iommu } from './iommu.ts'
import { Notifier, NotifierFlag } from './notifier.ts'

export interface HeldTranslationsOptions {
  /** For messages. */
  readonly name: string
  /** Which of the IOMMU's translations; 0 unless told. */
  readonly index?: number
  /** How many are held; the one taken first gives way, and is not valid any more. Default 64. */
  readonly capacity?: number
  /**
   * What to hear of. Unmaps and maps unless told, as a TCE that is put over another is announced as a map alone (TC-10);
   * unmaps alone will do, and every IOMMU allows them, where changes in place are announced as both (ND-8).
   */
  readonly flags?: number
}

/**
 * One translation in the hands of a device: it may be used as long as the IOMMU has not announced a change of it, and not
 * for one access longer.
 */
export class HeldTranslation {
  /** The addresses of the whole entry, relative to the IOMMU region. */
  readonly range: Range
  /** What the first of them is in `target`. */
  readonly translatedAddress: bigint
  readonly target: AddressSpace
  readonly permission: PermissionBits
  #isValid = true

  constructor(range: Range, translatedAddress: bigint, target: AddressSpace, permission: PermissionBits) {
    this.range = range
    this.translatedAddress = translatedAddress
    this.target = target
    this.permission = permission
  }

  get isValid(): boolean {
    return this.#isValid
  }

  /** Ends it for good; {@link HeldTranslations} does this. */
  invalidate(): void {
    this.#isValid = false
  }

  /**
   * Reads through it. Where it is not valid any more, permits no read or does not cover the bytes, nothing moves: the bytes
   * read 0 and the result is `accessError`.
   */
  read(iova: bigint, into: Uint8Array, attrs?: MemTxAttrs): MemTxResult {
    if (this.#permits(iova, into.length, Permission.read)) return this.target.read(this.#at(iova), into, attrs)
    into.fill(0)
    return MemTx.accessError
  }

  /** Writes through it, as {@link read} reads. */
  write(iova: bigint, from: Uint8Array, attrs?: MemTxAttrs): MemTxResult {
    if (!this.#permits(iova, from.length, Permission.write)) return MemTx.accessError
    return this.target.write(this.#at(iova), from, attrs)
  }

  #permits(iova: bigint, length: number, access: PermissionBits): boolean {
    const { start, last } = this.range
    const isInside = start <= iova && iova + BigInt(length) <= last + 1n
    return this.#isValid && isInside && (this.permission & access) !== 0
  }

  #at(iova: bigint): bigint {
    return this.translatedAddress + iova - this.range.start
  }
}

/** The translations that a device holds of one IOMMU, like the IOTLB in a PCI function: each is asked for once and kept until it changes. */
export class HeldTranslations {
  readonly #iommu: Iommu
  readonly #index: number
  readonly #capacity: number
  readonly #notifier: Notifier
  /** By entry; no two valid ones overlap. */
  readonly #held = new RangeMap<HeldTranslation>({ equal: () => false })
  /** In the order in which they were taken; the invalid ones are dropped when they come to the front. */
  #order: HeldTranslation[] = []

  /** Registers with the IOMMU. @throws HostbridgeError `iommu.notifier-refused`, `iommu.notifier`. */
  constructor(iommu: Iommu, options: HeldTranslationsOptions) {
    this.#iommu = iommu
    this.#index = options.index ?? 0
    this.#capacity = Math.max(1, options.capacity ?? 64)
    this.#notifier = new Notifier({
      name: options.name,
      flags: options.flags ?? NotifierFlag.unmap | NotifierFlag.map,
      index: this.#index,
      form: 'runs',
      notify: (event) => this.#forget(event),
    })
    iommu.register(this.#notifier)
  }

  /** Translations that are held and valid. */
  get size(): number {
    return this.#held.size
  }

  /** A valid translation of `iova` that permits `access`; `undefined` where the IOMMU has none. */
  take(iova: bigint, access: PermissionBits): HeldTranslation | undefined {
    const known = this.#held.get(iova)
    if (known !== undefined && (known.permission & access) === access) return known
    const { frame } = splitAddress(iova)
    const out: Translation = { permission: 0, frame: 0, shift: PAGE_SHIFT, target: undefined }
    this.#iommu.translate(frame, access, out, this.#index)
    if (out.permission === 0 || (out.permission & access) !== access || out.target === undefined) return undefined
    return this.#hold(frame, out, out.target)
  }

  /** Ends all that is held, and hears no more. */
  close(): void {
    this.#iommu.unregister(this.#notifier)
    this.#drop(WHOLE_SPACE)
    this.#order = []
  }

  #hold(frame: number, { permission, frame: target, shift }: Translation, space: AddressSpace): HeldTranslation {
    const first = entryStart(frame, shift)
    const range = { start: addressOf(first), last: addressOf(first + framesOfShift(shift)) - 1n }
    this.#drop(range)
    const held = new HeldTranslation(range, addressOf(target - (frame - first)), space, permission)
    this.#held.insert(range, held)
    this.#order.push(held)
    while (this.#held.size > this.#capacity) this.#dropOldest()
    // Whoever is invalidated all the time must not fill the list.
    if (this.#order.length > 2 * this.#capacity) this.#order = this.#order.filter((translation) => translation.isValid)
    return held
  }

  #forget(event: IommuEvent): undefined {
    this.#drop({ start: event.iova, last: event.iova + event.size - 1n })
  }

  #drop(range: Range): void {
    for (const { start, last, value } of [...this.#held.overlapping(range)]) {
      value.invalidate()
      this.#held.remove({ start, last })
    }
  }

  #dropOldest(): void {
    const oldest = this.#order.shift()
    if (oldest?.isValid === true) this.#drop(oldest.range)
  }
}
