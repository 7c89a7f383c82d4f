import type { Range } from '@hostbridge/core/address'
import { Type1 } from '../spec/header.ts'
import type { PoolKind } from './address-pool.ts'
import type { ConfigAccess } from './config-access.ts'

/** What a bridge's windows are multiples of, bytes (PCI-to-PCI Bridge Architecture 1.2, sections 3.2.5.6 to 3.2.5.9). */
export const GRANULE: Readonly<Record<PoolKind, bigint>> = { io: 0x1000n, memory32: 0x10_0000n, memory64: 0x10_0000n }

/** A window that ends before it begins passes nothing on. */
const CLOSED = { start: 0xfff0_f000n, last: 0n } as const

/** Lets a bridge pass on the addresses of a range, a multiple of {@link GRANULE}; nothing where it is left out. */
export function openBridge(access: ConfigAccess, address: number, kind: PoolKind, range: Range | undefined): void {
  const { start, last } = range ?? CLOSED
  const write = (register: { offset: number; size: number }, value: bigint): void => {
    access.write(address, register.offset, register.size, Number(value))
  }
  switch (kind) {
    case 'io':
      write(Type1.ioBase, (start >> 8n) & 0xf0n)
      write(Type1.ioLimit, (last >> 8n) & 0xf0n)
      write(Type1.ioBaseUpper, range === undefined ? 0n : start >> 16n)
      write(Type1.ioLimitUpper, range === undefined ? 0n : last >> 16n)
      return
    case 'memory32':
      write(Type1.memoryBase, (start >> 16n) & 0xfff0n)
      write(Type1.memoryLimit, (last >> 16n) & 0xfff0n)
      return
    case 'memory64':
      write(Type1.prefetchableBase, (start >> 16n) & 0xfff0n)
      write(Type1.prefetchableLimit, (last >> 16n) & 0xfff0n)
      write(Type1.prefetchableBaseUpper, start >> 32n)
      write(Type1.prefetchableLimitUpper, last >> 32n)
  }
}
