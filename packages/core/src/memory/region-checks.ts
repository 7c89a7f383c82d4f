import { hex } from '../address/range.ts'
import { ADDRESS_SPACE_SIZE, LAST_ADDRESS } from '../address/units.ts'
import { HostbridgeError } from '../errors.ts'
import type { SparseMemory } from './sparse-memory.ts'

/** The largest region whose offsets are exact as numbers. */
const MOST_REGISTER_BYTES = 2n ** 53n

/** The bits of all who may log writes: the screen, code, migration. */
const ALL_CLIENTS = 7

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

/** @throws HostbridgeError `memory.dirty-mask` unless `mask` is made of the bits of clients that log. */
export function checkDirtyMask(name: string, mask: number): void {
  if (Number.isInteger(mask) && mask >= 0 && mask <= ALL_CLIENTS) return
  throw new HostbridgeError(
    'memory.dirty-mask',
    `nobody can log writes to '${name}' with the mask ${mask}: it is 0 to ${ALL_CLIENTS}, a bit for each client`,
    { region: name, mask },
  )
}

/** @throws HostbridgeError `memory.length` unless an access can have so many bytes; `what` and `where` open the message. */
export function checkLength(what: string, where: string, address: bigint, length: number): void {
  if (Number.isSafeInteger(length) && length >= 0) return
  throw new HostbridgeError(
    'memory.length',
    `${what} at ${describe(address)} ${where} cannot have ${length} bytes: give an integer of 0 or more`,
    { address, length },
  )
}

/** @throws HostbridgeError as {@link checkSize}, and `memory.backing` where `memory` has fewer bytes than the region. */
export function checkBacking(name: string, size: bigint, memory: SparseMemory): void {
  if (checkSize(name, size) <= memory.size) return
  throw new HostbridgeError(
    'memory.backing',
    `region '${name}' cannot have ${hex(size)} bytes: its memory has ${hex(memory.size)}; make it of larger memory`,
    { region: name, size, memory: memory.size },
  )
}

/** @throws HostbridgeError as {@link checkSize}, and `memory.mmio-size` above 2^53 bytes. */
export function checkRegisters(name: string, size: bigint): void {
  if (checkSize(name, size) <= MOST_REGISTER_BYTES) return
  throw new HostbridgeError(
    'memory.mmio-size',
    `the registers of '${name}' cannot have ${hex(size)} bytes: offsets are exact up to 2^53; use several regions`,
    { region: name, size },
  )
}

function describe(value: unknown): string {
  return typeof value === 'bigint' ? hex(value) : `${typeof value} ${String(value)}`
}
