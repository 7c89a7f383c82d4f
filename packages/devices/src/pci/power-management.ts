import { fieldAt } from './config-field.ts'
import type { MessagePort } from './message-port.ts'
import { CapabilityId, POWER_MANAGEMENT_SIZE, PowerManagement, PowerState } from './spec/capabilities.ts'

/** Version 3 of the interface, no power management events (PCI Bus Power Management 1.2, table 4). */
const VERSION = 3

/** State, and the bit that says that going back to D0 resets nothing. */
const STATE_BITS = 0x3
const NO_SOFT_RESET = 0x8

/** The power management capability of a function: the guest puts it to sleep in D3hot and wakes it in D0. */
export class PowerManagementCapability {
  readonly offset: number
  readonly #port: Pick<MessagePort, 'config' | 'capabilities'>

  /** `changed` is called with the new state when the guest has changed it. */
  constructor(port: Pick<MessagePort, 'config' | 'capabilities'>, changed: (state: number) => void, offset?: number) {
    this.#port = port
    const { config, capabilities } = port
    this.offset = capabilities.add(CapabilityId.powerManagement, POWER_MANAGEMENT_SIZE, offset)
    config.define(fieldAt(PowerManagement.capabilities, this.offset), VERSION)
    config.define(fieldAt(PowerManagement.control, this.offset), NO_SOFT_RESET, { writable: STATE_BITS })
    config.watch(this.offset + PowerManagement.control.offset, 2, () => changed(this.state))
  }

  /** As {@link PowerState} numbers them. */
  get state(): number {
    return this.#port.config.get(fieldAt(PowerManagement.state, this.offset))
  }

  /** Whether the function decodes addresses and may be a bus master. */
  get powered(): boolean {
    return this.state === PowerState.d0
  }
}
