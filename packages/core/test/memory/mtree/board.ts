import {
  type AddressSpace,
  alias,
  container,
  IommuRegion,
  MemorySystem,
  mmio,
  ram,
  ramDevice,
  reserved,
  rom,
  romDevice,
} from '../../../src/memory/index.ts'

export interface Board {
  readonly system: MemorySystem
  readonly memory: AddressSpace
}

/** A machine with something of every kind: RAM below and above a hole, aliases, overlaps, and a window for DMA. */
export function board(): Board {
  const ops = { read: () => 0, write() {} }
  const root = container('system')
  const dram = ram('dram', 2n ** 32n)
  const pci = container('pci', 2n ** 32n)
  pci.add(ramDevice('card-bar', 0x2_0000n), 0xfebc_0000n, { priority: 1 })
  root.add(alias('low', dram, { size: 0xc000_0000n }), 0n)
  root.add(alias('high', dram, { offset: 0xc000_0000n }), 2n ** 32n)
  root.add(alias('hole', pci, { offset: 0xc000_0000n, size: 0x4000_0000n }), 0xc000_0000n, { priority: -1 })
  root.add(mmio('uart', 0x1001n, ops).ownedBy({ name: 'uart0' }), 0xd000_0000n, { priority: 2 })
  const hidden = mmio('hidden', 0x1000n, ops)
  hidden.setEnabled(false)
  root.add(hidden, 0xd000_0000n)
  const nvram = ram('nvram', 0x1_0000n)
  nvram.setNonvolatile(true)
  root.add(nvram, 0xd100_0000n)
  const flash = romDevice('flash', 0x8000n, ops)
  flash.setRomMode(false)
  root.add(flash, 0xd200_0000n)
  root.add(reserved('tpm', 0x1000n), 0xd300_0000n)
  root.add(rom('firmware', 0x1_0000n), 2n ** 64n - 0x1_0000n)
  const bus = container('pci-dma')
  bus.add(new IommuRegion('window', 2n ** 30n, { translate() {} }), 0n)
  const system = new MemorySystem('machine')
  const memory = system.createSpace('memory', root)
  system.createSpace('cpu', root)
  system.createSpace('nic', bus)
  system.createSpace('void', container('empty', 0x1000n))
  return { system, memory }
}
