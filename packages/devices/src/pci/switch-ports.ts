import { ExpressPort, type ExpressPortOptions } from './express-port.ts'

const UPSTREAM = {
  name: 'upstream-port',
  type: 'upstream',
  identity: { vendor: 0x104c, device: 0x8232 },
  bridge: { express: true, expressBehind: true, aliasing: 'none' },
  vectors: 1,
} as const

const DOWNSTREAM = {
  name: 'downstream-port',
  type: 'downstream',
  identity: { vendor: 0x104c, device: 0x8233, interruptPin: 1 },
  bridge: { express: true, expressBehind: true, aliasing: 'none', devices: 1 },
  vectors: 1,
} as const

/** The port of a switch that leads to the root; the bus behind it is inside of the switch and has the downstream ports. Ids as of QEMU's `x3130-upstream`. */
export class UpstreamPort extends ExpressPort {
  constructor(options: ExpressPortOptions = {}) {
    super(options, UPSTREAM)
  }
}

/** A port of a switch that a card sits behind, as device 0. Ids as of QEMU's `xio3130-downstream`. */
export class DownstreamPort extends ExpressPort {
  constructor(options: ExpressPortOptions = {}) {
    super(options, DOWNSTREAM)
  }
}
