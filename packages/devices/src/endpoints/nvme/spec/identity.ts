/** PCI ids and names of the controller: those of QEMU's (docs/specs/pci-ids.rst), with the class of NVM Express 1.3d, section 2.1.5. */
export const NVME_IDENTITY = {
  vendor: 0x1b36,
  device: 0x0010,
  subsystemVendor: 0x1af4,
  revision: 0x02,
  classCode: 0x01_0802,
  interruptPin: 1,
  model: 'hostbridge NVMe',
  firmware: '1.0',
} as const
