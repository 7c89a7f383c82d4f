import type { ConfigField } from './config-field.ts'
import type { ConfigSpace } from './config-space.ts'
import { CONVENTIONAL_CONTROL, EXPRESS_CONTROL, WINDOW_BITS, WINDOW_SHIFT, WindowWidth } from './spec/bridge.ts'
import { Status, Type1 } from './spec/header.ts'

/** First and last address that a bridge passes on. */
export interface WindowRange {
  readonly start: bigint
  readonly last: bigint
}

export interface BridgeHeaderOptions {
  /** Whether it is a PCI Express port, which has no timers and less to control. */
  readonly express: boolean
  /** Whether its I/O window lies anywhere in 32 bits; in 16 bits unless told. */
  readonly wideIo: boolean
}

/**
 * Fills in the registers that only a type 1 header has (PCI-to-PCI Bridge Architecture 1.2, section 3.2.5). After a reset each
 * base and limit is 0, as QEMU has them.
 */
export function defineBridgeHeader(config: ConfigSpace, { express, wideIo }: BridgeHeaderOptions): void {
  for (const bus of [Type1.primaryBus, Type1.secondaryBus, Type1.subordinateBus]) {
    config.define(bus, 0, { writable: 0xff })
  }
  config.define(Type1.secondaryLatency, 0, { writable: express ? 0 : 0xff })
  const io = wideIo ? WindowWidth.io32 : 0
  for (const edge of [Type1.ioBase, Type1.ioLimit]) config.define(edge, io, { writable: WINDOW_BITS.io })
  for (const upper of [Type1.ioBaseUpper, Type1.ioLimitUpper])
    config.define(upper, 0, { writable: wideIo ? 0xffff : 0 })
  config.define(Type1.secondaryStatus, 0, { clearable: Status.errors })
  for (const edge of [Type1.memoryBase, Type1.memoryLimit]) config.define(edge, 0, { writable: WINDOW_BITS.memory })
  for (const edge of [Type1.prefetchableBase, Type1.prefetchableLimit]) {
    config.define(edge, WindowWidth.memory64, { writable: WINDOW_BITS.memory })
  }
  for (const upper of [Type1.prefetchableBaseUpper, Type1.prefetchableLimitUpper]) {
    config.define(upper, 0, { writable: 0xffff_ffff })
  }
  config.define(Type1.bridgeControl, 0, express ? EXPRESS_CONTROL : CONVENTIONAL_CONTROL)
}

/** The I/O window; `undefined` where it ends before it begins. */
export function ioWindow(config: ConfigSpace): WindowRange | undefined {
  const edge = (low: ConfigField, upper: ConfigField): bigint =>
    (BigInt(config.get(upper)) << 16n) | (BigInt(config.get(low) & WINDOW_BITS.io) << 8n)
  return windowOf(
    edge(Type1.ioBase, Type1.ioBaseUpper),
    edge(Type1.ioLimit, Type1.ioLimitUpper),
    (1n << WINDOW_SHIFT.io) - 1n,
  )
}

/** The window of memory that reads may change. */
export function memoryWindow(config: ConfigSpace): WindowRange | undefined {
  const edge = (field: ConfigField): bigint => BigInt(config.get(field) & WINDOW_BITS.memory) << 16n
  return windowOf(edge(Type1.memoryBase), edge(Type1.memoryLimit), (1n << WINDOW_SHIFT.memory) - 1n)
}

/** The window of prefetchable memory, anywhere in 64 bits. */
export function prefetchableWindow(config: ConfigSpace): WindowRange | undefined {
  const edge = (low: ConfigField, upper: ConfigField): bigint =>
    (BigInt(config.get(upper)) << 32n) | (BigInt(config.get(low) & WINDOW_BITS.memory) << 16n)
  return windowOf(
    edge(Type1.prefetchableBase, Type1.prefetchableBaseUpper),
    edge(Type1.prefetchableLimit, Type1.prefetchableLimitUpper),
    (1n << WINDOW_SHIFT.memory) - 1n,
  )
}

function windowOf(base: bigint, limit: bigint, rest: bigint): WindowRange | undefined {
  return base > limit ? undefined : { start: base, last: limit | rest }
}
