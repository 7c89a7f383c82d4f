import { hex } from '../address/range.ts'
import { ADDRESS_SPACE_SIZE, LAST_ADDRESS } from '../address/units.ts'
import { HostbridgeError } from '../errors.ts'
import type { SparseMemory } from './sparse-memory.ts'

/** The largest region whose offsets are exact as numbers. */
const MOST_REGISTER_BYTES = 2n ** 53n

/** @throws HostbridgeError `memory.size` unless `size` is 1 to 2^64 bytes. */
export function checkSize(name: string, size: bigint): bigint {
  if (typeof size === 'bigint' && size >= 1n && size <= ADDRESS_SPACE_SIZE) return size
  throw new HostbridgeError(
    'memory.size',
    `region '${name}' cannot have ${describe(size)} bytes: the size of a region is a bigint of 1 to 2^64 bytes`,
    { region: name, size },
  )
}

/** @throws HostbridgeError `memory.address` unless `address` is 0 to 2^64 - 1. */
export function checkAddress(name: string, where: string, address: bigint): bigint {
  if (typeof address === 'bigint' && address >= 0n && address <= LAST_ADDRESS) return address
  throw new HostbridgeError(
    'memory.address',
    `region '${name}' cannot be at ${describe(address)} ${where}: an address is a bigint of 0 to 2^64 - 1`,
    { region: name, address },
  )
}

/** @throws HostbridgeError `memory.priority` unless `priority` is an integer that a number holds exactly. */
export function checkPriority(name: string, priority: number): number {
  if (Number.isSafeInteger(priority)) return priority
  throw new HostbridgeError('memory.priority', `region '${name}' cannot have priority ${priority}: use an integer`, {
    region: name,
    priority,
  })
}

/** @throws HostbridgeError `memory.backing` where `memory` has fewer bytes than the region. */
export function checkBacking(name: string, size: bigint, memory: SparseMemory): void {
  if (size <= memory.size) return
  throw new HostbridgeError(
    'memory.backing',
    `region '${name}' cannot have ${hex(size)} bytes: its memory has ${hex(memory.size)}; make it of larger memory`,
    { region: name, size, memory: memory.size },
  )
}

/** @throws HostbridgeError `memory.mmio-size` above 2^53 bytes. */
export function checkRegisters(name: string, size: bigint): void {
  if (size <= MOST_REGISTER_BYTES) return
  throw new HostbridgeError(
    'memory.mmio-size',
    `the registers of '${name}' cannot have ${hex(size)} bytes: offsets are exact up to 2^53; use several regions`,
    { region: name, size },
  )
}

function describe(value: unknown): string {
  return typeof value === 'bigint' ? hex(value) : `${typeof value} ${String(value)}`
}
