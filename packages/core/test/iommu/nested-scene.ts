import { type Mapping, PageTableIommu } from '../../src/iommu/index.ts'
import {
  type AddressSpace,
  container,
  MemorySystem,
  mmio,
  type RamRegion,
  ram,
  ramDevice,
  rom,
} from '../../src/memory/index.ts'

/** System memory: RAM at 0 (0x18000 bytes), registers at 0x20000, ROM at 0x30000, a RAM device at 0x40000. */
export interface NestedScene {
  readonly memory: AddressSpace
  readonly ram: RamRegion
  /** Addresses behind one IOMMU, which leads to system memory. */
  readonly dma: AddressSpace
  readonly inner: PageTableIommu
  /** Addresses behind two: this one leads to those of `dma`. */
  readonly nested: AddressSpace
  readonly outer: PageTableIommu
}

export function nestedScene(maps: { inner?: readonly Mapping[]; outer?: readonly Mapping[] } = {}): NestedScene {
  const system = new MemorySystem('machine')
  const root = container('root')
  const main = ram('main', 0x18000n)
  root.add(main, 0n)
  root.add(mmio('registers', 0x1000n, { read: () => 0, write: () => undefined }), 0x20000n)
  root.add(rom('rom', 0x1000n), 0x30000n)
  root.add(ramDevice('bar', 0x4000n), 0x40000n)
  const memory = system.createSpace('memory', root)
  const inner = new PageTableIommu({ name: 'inner', target: memory })
  const dma = system.createSpace('dma', inner.region)
  const outer = new PageTableIommu({ name: 'outer', target: dma })
  const nested = system.createSpace('nested', outer.region)
  for (const mapping of maps.inner ?? []) inner.store(mapping)
  for (const mapping of maps.outer ?? []) outer.store(mapping)
  return { memory, ram: main, dma, inner, nested, outer }
}
