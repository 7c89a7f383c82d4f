import { ExpressPort, type ExpressPortOptions } from './express-port.ts'

const KIND = {
  name: 'pcie-to-pci-bridge',
  type: 'pciBridge',
  identity: { vendor: 0x1b36, device: 0x000e, interruptPin: 1 },
  bridge: { express: true, expressBehind: false, aliasing: 'secondary' },
  vectors: 1,
} as const

/**
 * A bridge from PCI Express to conventional PCI: all requests from behind it carry the number of the bus behind it, device 0 and
 * function 0 (PCI Express to PCI/PCI-X Bridge 1.0, section 2.3; PC-4). Ids as of QEMU's `pcie-pci-bridge`.
 */
export class PcieToPciBridge extends ExpressPort {
  constructor(options: ExpressPortOptions = {}) {
    super(options, KIND)
  }
}
