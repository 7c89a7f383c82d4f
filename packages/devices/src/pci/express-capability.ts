import type { CapabilityList } from './capability-list.ts'
import { type ConfigField, fieldAt } from './config-field.ts'
import type { ConfigCause, ConfigSpace } from './config-space.ts'
import { CapabilityId } from './spec/capabilities.ts'
import {
  DEVICE_CONTROL,
  DEVICE_ERRORS,
  DeviceCapability,
  DeviceCapability2,
  EXPRESS_SIZE,
  EXPRESS_VERSION,
  Express,
  LinkCapability,
  LinkControl,
  LinkSpeed,
  LinkStatus,
  PortType,
  ROOT_CONTROL,
  ROOT_PME_STATUS,
} from './spec/express.ts'

export interface ExpressOptions {
  /** `endpoint` unless told. */
  readonly type?: keyof typeof PortType
  /** Fastest link; 16 GT/s unless told. */
  readonly speed?: keyof typeof LinkSpeed
  /** Lanes, 1 to 32; 1 unless told. */
  readonly width?: number
  /** The port's number in link capabilities; 0 unless told. */
  readonly port?: number
  /** Called when the guest resets the function alone; without, it cannot (section 6.6.2). */
  readonly functionLevelReset?: () => void
  /** Where the capability lies; the first free place unless told. */
  readonly offset?: number
}

/** What the capability needs of its function. */
type ExpressHost = { readonly config: ConfigSpace; readonly capabilities: CapabilityList }

/** Ports with a link below them, which is what their link registers tell of. */
const LINK_BELOW: readonly (keyof typeof PortType)[] = ['rootPort', 'downstream']

/** The PCI Express capability of a function (PCI Express Base 5.0, section 7.5.3). */
export class ExpressCapability {
  readonly offset: number
  readonly type: keyof typeof PortType
  readonly #config: ConfigSpace
  readonly #linkBits: number
  readonly #reset: (() => void) | undefined

  constructor({ config, capabilities }: ExpressHost, options: ExpressOptions = {}) {
    const { type = 'endpoint', speed = 'gt16', width = 1, port = 0, functionLevelReset } = options
    this.#config = config
    this.type = type
    this.#reset = functionLevelReset
    this.#linkBits = LinkSpeed[speed] | (width << 4)
    this.offset = capabilities.add(CapabilityId.express, EXPRESS_SIZE, options.offset)
    this.define(Express.capabilities, EXPRESS_VERSION | (PortType[type] << 4))
    this.#defineDevice()
    if (type !== 'integratedEndpoint') this.#defineLink(port, LinkSpeed[speed])
    if (type === 'rootPort') {
      this.define(Express.rootControl, 0, { writable: ROOT_CONTROL })
      this.define(Express.rootStatus, 0, { clearable: ROOT_PME_STATUS })
    }
  }

  /** Whether there is a link below the function, not above it. */
  get linkBelow(): boolean {
    return LINK_BELOW.includes(this.type)
  }

  get(field: ConfigField): number {
    return this.#config.get(fieldAt(field, this.offset))
  }

  set(field: ConfigField, value: number): void {
    this.#config.set(fieldAt(field, this.offset), value)
  }

  /** As `ConfigSpace.define`, for a register of the capability. */
  define(field: ConfigField, value: number, access: { writable?: number; clearable?: number } = {}): void {
    this.#config.define(fieldAt(field, this.offset), value, access)
  }

  /** Calls `written` after every write of a guest that meets a register, a reset and a restore. */
  watch(field: ConfigField, written: (cause: ConfigCause) => void): void {
    this.#config.watch(this.offset + field.offset, field.size, (_config, cause) => written(cause))
  }

  /** Shows whether the link is up, and then with how many lanes and how fast. */
  setLink(up: boolean): void {
    const { slotClock, active } = LinkStatus
    const kept = this.get(Express.linkStatus) & LinkStatus.clearable
    this.set(
      Express.linkStatus,
      up ? kept | this.#linkBits | slotClock | (this.linkBelow ? active : 0) : kept | slotClock,
    )
  }

  #defineDevice(): void {
    const { roleBasedErrors, extendedTag, functionLevelReset } = DeviceCapability
    const reset = this.#reset
    const flr = reset === undefined ? 0 : functionLevelReset
    const { initiateReset, writable } = DEVICE_CONTROL
    this.define(Express.deviceCapabilities, roleBasedErrors | extendedTag | flr)
    this.define(Express.deviceControl, DEVICE_CONTROL.reset, {
      writable: writable | (flr === 0 && this.type !== 'pciBridge' ? 0 : initiateReset),
    })
    this.define(Express.deviceStatus, 0, { clearable: DEVICE_ERRORS })
    const ari = this.linkBelow ? DeviceCapability2.ariForwarding : 0
    this.define(Express.deviceCapabilities2, DeviceCapability2.timeoutDisable | ari)
    this.define(Express.deviceControl2, 0, { writable: DeviceCapability2.timeoutDisable | 0xf | ari })
    if (reset === undefined) return
    this.watch(Express.deviceControl, () => {
      if ((this.get(Express.deviceControl) & initiateReset) === 0) return
      this.set(Express.deviceControl, this.get(Express.deviceControl) & ~initiateReset)
      reset()
    })
  }

  #defineLink(port: number, speed: number): void {
    const { surpriseDown, activeReporting } = LinkCapability
    const below = this.linkBelow ? surpriseDown | activeReporting : 0
    this.define(Express.linkCapabilities, (this.#linkBits | below | (port << 24)) >>> 0)
    this.define(Express.linkControl, 0, { writable: LinkControl.writable })
    this.define(Express.linkStatus, this.linkBelow ? LinkStatus.slotClock : this.#linkBits | LinkStatus.slotClock, {
      clearable: this.linkBelow ? LinkStatus.clearable : 0,
    })
    // Every speed up to the fastest.
    this.define(Express.linkCapabilities2, (2 ** speed - 1) << 1)
    this.define(Express.linkControl2, speed, { writable: 0xf })
  }
}
