import type { DeviceState } from '@hostbridge/core/machine'
import { MemTx, type MemTxAttrs, mmio } from '@hostbridge/core/memory'
import { PciDevice } from '../pci/index.ts'
import {
  IOMMU_TESTDEV_BAR_SIZE,
  IOMMU_TESTDEV_IDENTITY,
  IOMMU_TESTDEV_LONGEST,
  IOMMU_TESTDEV_PATTERN,
  IommuTestdev,
  IommuTestdevAttributes,
  IommuTestdevResult,
  IommuTestdevSpace,
} from './spec/iommu-testdev.ts'

export interface IommuTestdevOptions {
  /** For messages; `iommu-testdev` unless told. */
  readonly name?: string
  /** The longest transfer in bytes, 1 MiB unless told; what is longer has a bad length. */
  readonly longest?: number
}

const AFTER_RESET = IommuTestdevSpace.nonSecure << IommuTestdevAttributes.spaceShift

/**
 * QEMU's device for tests of IOMMUs without a guest (docs/specs/iommu-testdev.rst): it writes a pattern through the IOMMU of its
 * bus, reads it back at a physical address, and says whether it is there. A read of the trigger does all of that at once.
 */
export class IommuTestdevDevice extends PciDevice {
  readonly #longest: number
  #iova = 0n
  #physical = 0n
  #length = 0
  #attributes: number = AFTER_RESET
  #armed = false
  #result: number = IommuTestdevResult.idle

  constructor(options: IommuTestdevOptions = {}) {
    const name = options.name ?? 'iommu-testdev'
    super(name, IOMMU_TESTDEV_IDENTITY)
    this.#longest = options.longest ?? IOMMU_TESTDEV_LONGEST
    const region = mmio(`${name} bar0`, IOMMU_TESTDEV_BAR_SIZE, {
      valid: { min: 4, max: 4 },
      read: (offset) => this.#read(offset),
      write: (offset, value) => this.#write(offset, value),
    })
    this.bars.add(0, { kind: 'memory32', region })
  }

  override resetEnter(): void {
    this.#iova = 0n
    this.#physical = 0n
    this.#length = 0
    this.#attributes = AFTER_RESET
    this.#armed = false
    this.#result = IommuTestdevResult.idle
  }

  override save(): DeviceState {
    return {
      ...super.save(),
      iova: this.#iova,
      physical: this.#physical,
      length: this.#length,
      attributes: this.#attributes,
      armed: this.#armed,
      result: this.#result,
    }
  }

  override restore(state: DeviceState): void {
    super.restore(state)
    this.#iova = state.iova as bigint
    this.#physical = state.physical as bigint
    this.#length = state.length as number
    this.#attributes = state.attributes as number
    this.#armed = state.armed as boolean
    this.#result = state.result as number
  }

  /** Whoever plugs it next finds it as after a reset. */
  protected override onUnplug(): void {
    this.resetEnter()
  }

  #read(offset: number): number {
    switch (offset) {
      case IommuTestdev.trigger:
        this.#result = this.#armed ? this.#run() : IommuTestdevResult.notArmed
        this.#armed = false
        return 0
      case IommuTestdev.iovaLow:
        return low(this.#iova)
      case IommuTestdev.iovaHigh:
        return Number(this.#iova >> 32n)
      case IommuTestdev.physicalLow:
        return low(this.#physical)
      case IommuTestdev.physicalHigh:
        return Number(this.#physical >> 32n)
      case IommuTestdev.length:
        return this.#length
      case IommuTestdev.result:
        return this.#result
      case IommuTestdev.attributes:
        return this.#attributes
      default:
        return 0
    }
  }

  #write(offset: number, value: number): void {
    switch (offset) {
      case IommuTestdev.iovaLow:
        this.#iova = withLow(this.#iova, value)
        break
      case IommuTestdev.iovaHigh:
        this.#iova = withHigh(this.#iova, value)
        break
      case IommuTestdev.physicalLow:
        this.#physical = withLow(this.#physical, value)
        break
      case IommuTestdev.physicalHigh:
        this.#physical = withHigh(this.#physical, value)
        break
      case IommuTestdev.length:
        this.#length = value
        break
      case IommuTestdev.result:
        this.#result = value
        break
      case IommuTestdev.doorbell:
        this.#armed = (value & 1) !== 0
        this.#result = this.#armed ? IommuTestdevResult.armed : IommuTestdevResult.idle
        break
      case IommuTestdev.attributes:
        this.#attributes = value
        break
    }
  }

  /** Takes IOVA, length and attributes as they are now, not as they were when it was armed. */
  #run(): number {
    if (this.#length === 0 || this.#length > this.#longest) return IommuTestdevResult.badLength
    const attrs = attributesOf(this.#attributes)
    if (attrs === undefined) return IommuTestdevResult.badAttributes
    const written = pattern(this.#length)
    if (this.dmaWrite(this.#iova, written, attrs) !== MemTx.ok) return IommuTestdevResult.writeFailed
    const found = new Uint8Array(this.#length)
    const memory = this.timeline?.space
    if (memory?.read(this.#physical, found, attrs) !== MemTx.ok) return IommuTestdevResult.readFailed
    return found.every((byte, at) => byte === written[at]) ? IommuTestdevResult.success : IommuTestdevResult.mismatch
  }
}

/** What travels with the accesses; nothing where a valid space contradicts `secure`. */
function attributesOf(register: number): MemTxAttrs | undefined {
  const { spaceShift, spaceMask, spaceValid } = IommuTestdevAttributes
  const secure = (register & IommuTestdevAttributes.secure) !== 0
  const valid = (register & spaceValid) !== 0
  const space = valid ? (register >>> spaceShift) & spaceMask : IommuTestdevSpace.nonSecure
  if (valid && space === IommuTestdevSpace.secure && !secure) return undefined
  if (valid && space === IommuTestdevSpace.nonSecure && secure) return undefined
  return { secure, space }
}

function pattern(length: number): Uint8Array {
  const bytes = new Uint8Array(length)
  for (let at = 0; at < length; at++) bytes[at] = IOMMU_TESTDEV_PATTERN >>> (8 * (at & 3))
  return bytes
}

function low(value: bigint): number {
  return Number(value & 0xffff_ffffn)
}

function withLow(value: bigint, word: number): bigint {
  return ((value >> 32n) << 32n) | BigInt(word)
}

function withHigh(value: bigint, word: number): bigint {
  return (BigInt(word) << 32n) | (value & 0xffff_ffffn)
}
