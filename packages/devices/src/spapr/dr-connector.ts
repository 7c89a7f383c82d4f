import type { PciDevice } from '../pci/index.ts'
import { DrIndicator, EntitySense } from './spec/connectors.ts'
import { RtasStatus } from './spec/rtas.ts'

/** How far a guest has taken a function in: not at all, it may be asked for its node, or it has its node. */
export type ConnectorState = 'isolated' | 'unisolated' | 'configured'

export interface SavedConnector {
  readonly deviceFunction: number
  readonly state: ConnectorState
  readonly indicator: number
  readonly leaving: boolean
  /** Answers of `ibm,configure-connector` that the guest has had. */
  readonly told: number
}

/**
 * The dynamic reconfiguration connector of one place on a host bridge's bus (LoPAR, "Dynamic Reconfiguration (DR) Architecture";
 * a physical connector, which has no allocation state).
 */
export class DrConnector {
  /** As the firmware's calls name it. */
  readonly index: number
  readonly deviceFunction: number
  state: ConnectorState = 'isolated'
  /** What its visual indicator shows. */
  indicator: number = DrIndicator.inactive
  /** Whether somebody wishes its function to leave. */
  leaving = false
  told = 0
  readonly #device: () => PciDevice | undefined

  constructor(index: number, deviceFunction: number, device: () => PciDevice | undefined) {
    this.index = index
    this.deviceFunction = deviceFunction
    this.#device = device
  }

  get device(): PciDevice | undefined {
    return this.#device()
  }

  /** What the sensor of the connector says. */
  get sense(): number {
    return this.device === undefined ? EntitySense.empty : EntitySense.present
  }

  /** The guest lets go of what is here; `release` is what becomes of one that is to leave. */
  isolate(release: (device: PciDevice) => void): number {
    // LoPAR leaves open what becomes of one that is being configured; QEMU refuses.
    if (this.state === 'unisolated') return RtasStatus.parameter
    const { device, leaving } = this
    this.state = 'isolated'
    if (leaving && device !== undefined) release(device)
    return RtasStatus.success
  }

  /** The guest takes in what is here; refused where there is nobody (LoPAR 13.5.3.5). */
  unisolate(): number {
    if (this.state !== 'isolated') return RtasStatus.success
    if (this.device === undefined) return RtasStatus.parameter
    this.state = 'unisolated'
    this.told = 0
    return RtasStatus.success
  }

  /** Shows something on the visual indicator. */
  show(indicator: number): number {
    if (indicator > DrIndicator.action) return RtasStatus.parameter
    this.indicator = indicator
    return RtasStatus.success
  }

  /** As after a reset: who is here is the guest's from the beginning. */
  reset(): void {
    const there = this.device !== undefined
    this.state = there ? 'configured' : 'isolated'
    this.indicator = there ? DrIndicator.active : DrIndicator.inactive
    this.leaving = false
    this.told = 0
  }

  save(): SavedConnector {
    const { deviceFunction, state, indicator, leaving, told } = this
    return { deviceFunction, state, indicator, leaving, told }
  }

  restore({ state, indicator, leaving, told }: SavedConnector): void {
    Object.assign(this, { state, indicator, leaving, told })
  }
}
