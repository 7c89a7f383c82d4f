import { HostbridgeError } from '@hostbridge/core'
import { us } from '@hostbridge/core/time'
import type { NvmeTiming } from './command-engine.ts'
import type { NvmeNamespaceOptions } from './namespace.ts'

export interface NvmeOptions {
  /** For messages; `nvme` unless told. */
  readonly name?: string
  /** What the controller shows as namespaces 1, 2 and so on: 1 to 256 of them. */
  readonly namespaces: readonly NvmeNamespaceOptions[]
  /** I/O queues of each kind, 1 to 64; 8 unless told. */
  readonly queues?: number
  /** Entries of a queue at most, 2 to 4096; 1024 unless told. */
  readonly entries?: number
  /** CAP.DSTRD, 0 to 10: doorbells are 4 << stride bytes apart. 0 unless told. */
  readonly doorbellStride?: number
  /** MDTS, 0 to 10: log2 of the pages of 4 KiB of the longest transfer. 7, which is 512 KiB, unless told. */
  readonly maxTransferShift?: number
  /** Ticks that every command takes, 1 at least; 10 µs unless told. */
  readonly latency?: bigint
  /** What the medium moves, 1 at least; no limit unless told. */
  readonly bytesPerSecond?: number
  /** I/O commands under way at a time, 1 to 4096; 256 unless told. */
  readonly outstanding?: number
  /** Up to 20 ASCII characters; `hostbridge` unless told. */
  readonly serial?: string
}

/** Options with everything said. */
export interface CheckedNvmeOptions {
  readonly pairs: number
  readonly entries: number
  readonly doorbellStride: number
  readonly maxTransferShift: number
  readonly serial: string
  readonly timing: NvmeTiming
}

const TICKS_PER_SECOND = 1e9

/** @throws HostbridgeError `nvme.option` where an option is out of its bounds. */
export function checkNvmeOptions(name: string, options: NvmeOptions): CheckedNvmeOptions {
  const { queues = 8, entries = 1024, doorbellStride = 0, maxTransferShift = 7, outstanding = 256 } = options
  const { latency = 10n * us, bytesPerSecond = Number.POSITIVE_INFINITY, serial = 'hostbridge' } = options
  const check = (option: string, value: number, least: number, most: number): void => {
    if (value >= least && value <= most && (Number.isInteger(value) || most === Number.POSITIVE_INFINITY)) return
    const message = `'${name}' cannot have ${option} of ${value}: give it ${least} to ${most}`
    throw new HostbridgeError('nvme.option', message, { device: name, option, value, least, most })
  }
  check('a number of namespaces', options.namespaces.length, 1, 256)
  check('a number of queues', queues, 1, 64)
  check('a number of entries', entries, 2, 4096)
  check('a doorbell stride', doorbellStride, 0, 10)
  check('a shift of the longest transfer', maxTransferShift, 0, 10)
  check('a number of commands under way', outstanding, 1, 4096)
  check('a latency in ticks', Number(latency), 1, 1e12)
  check('a number of bytes per second', bytesPerSecond, 1, Number.POSITIVE_INFINITY)
  check('a length of its serial number', serial.length, 1, 20)
  return {
    pairs: queues,
    entries,
    doorbellStride,
    maxTransferShift,
    serial,
    timing: { latency: Number(latency), ticksPerByte: TICKS_PER_SECOND / bytesPerSecond, outstanding },
  }
}
