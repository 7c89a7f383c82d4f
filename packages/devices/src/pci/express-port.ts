import type { ExpressCapability, ExpressOptions } from './express-capability.ts'
import { accessControl, errorReporting } from './extended-capabilities.ts'
import { type BridgeKind, PciBridge, type PciBridgeOptions } from './pci-bridge.ts'

export interface ExpressPortOptions extends Pick<PciBridgeOptions, 'name' | 'identity' | 'wideIo'> {
  /** The link of the port. */
  readonly link?: Pick<ExpressOptions, 'speed' | 'width' | 'port'>
}

/** What sets one kind of port apart. */
export interface ExpressPortKind {
  readonly name: string
  readonly type: NonNullable<ExpressOptions['type']>
  readonly identity: NonNullable<PciBridgeOptions['identity']>
  readonly bridge: BridgeKind
  /** MSI vectors. */
  readonly vectors: number
}

/** A bridge that is a PCI Express function: power management, MSI and the PCI Express capability come with it. */
export abstract class ExpressPort extends PciBridge {
  readonly express: ExpressCapability

  protected constructor(options: ExpressPortOptions, kind: ExpressPortKind) {
    const { name = kind.name, wideIo = true, link = {}, identity = {} } = options
    super({ name, wideIo, identity: { ...kind.identity, ...identity } }, kind.bridge)
    this.usePowerManagement()
    this.useMsi({ vectors: kind.vectors, maskable: true })
    this.express = this.useExpress({ ...link, type: kind.type })
    this.extended.add(errorReporting({ root: kind.type === 'rootPort' }))
    if (this.express.linkBelow) this.extended.add(accessControl('downstream'))
  }
}
