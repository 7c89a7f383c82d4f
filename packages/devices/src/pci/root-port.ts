import { ExpressPort, type ExpressPortOptions } from './express-port.ts'

const KIND = {
  name: 'root-port',
  type: 'rootPort',
  identity: { vendor: 0x1b36, device: 0x000c, interruptPin: 1 },
  bridge: { express: true, expressBehind: true, aliasing: 'none', devices: 1 },
  vectors: 1,
} as const

/** A port of a PCI Express root complex: the bus behind it has device 0 alone (PCI Express Base 5.0, section 1.3.1). Ids as of QEMU's `pcie-root-port`. */
export class RootPort extends ExpressPort {
  constructor(options: ExpressPortOptions = {}) {
    super(options, KIND)
  }
}
