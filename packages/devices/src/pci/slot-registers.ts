import type { ExpressCapability } from './express-capability.ts'
import { Express } from './spec/express.ts'
import { Indicator, SLOT_EVENTS, SLOT_NUMBER, SlotCapability, SlotControl, SlotStatus } from './spec/hotplug.ts'

export interface HotplugOptions {
  /** The physical slot number, 0 to 8191; no two of a hierarchy have the same but 0, which says nothing. */
  readonly number?: number
  /** Whether cards may come and go; they may unless told. */
  readonly hotplug?: boolean
  readonly attentionButton?: boolean
  readonly powerController?: boolean
  /** A latch that holds the card, and its sensor; none unless told. */
  readonly latch?: boolean
  readonly indicators?: boolean
  /** Whether the guest is told that cards may be pulled without asking; not unless told. */
  readonly surprise?: boolean
  /** Ticks until a command of the guest is completed; 10 µs. */
  readonly commandTime?: bigint
  /** Ticks from power to a link that is up; 100 µs. */
  readonly linkTime?: bigint
}

/** Fills in the registers of a slot (PCI Express Base 5.0, sections 7.5.3.9 to 7.5.3.11): empty, power and indicators off. */
export function defineSlot(express: ExpressCapability, options: HotplugOptions): void {
  const { hotplug = true, number = 0, latch = false, surprise = false } = options
  const { attentionButton = true, powerController = true, indicators = true } = options
  const has = (there: boolean, bits: number): number => (there && hotplug ? bits : 0)
  const { attentionIndicator, powerIndicator, interrupt, linkChanged, powerOff } = SlotControl
  const capabilities =
    has(attentionButton, SlotCapability.attentionButton) |
    has(powerController, SlotCapability.powerController) |
    has(latch, SlotCapability.latchSensor) |
    has(indicators, SlotCapability.attentionIndicator | SlotCapability.powerIndicator) |
    has(surprise, SlotCapability.surprise) |
    has(true, SlotCapability.hotplug)
  const shown = has(indicators, attentionIndicator.mask | powerIndicator.mask)
  const power = has(powerController, powerOff)
  express.define(Express.slotImplemented, 1)
  express.define(Express.slotCapabilities, (capabilities | (number << SLOT_NUMBER.shift)) >>> 0)
  express.define(Express.slotControl, shown | power, {
    writable: has(true, 0x1f | interrupt | linkChanged) | shown | power,
  })
  express.define(Express.slotStatus, 0, { clearable: SLOT_EVENTS })
}

/** Whether all is off that a guest switches off when it is done with a card: power and power indicator, of what there is. */
export function isSwitchedOff(capabilities: number, control: number): boolean {
  const { powerOff } = SlotControl
  const power = (capabilities & SlotCapability.powerController) !== 0
  const indicator = (capabilities & SlotCapability.powerIndicator) !== 0
  if (!power && !indicator) return false
  return (!power || (control & powerOff) !== 0) && (!indicator || indicatorOf(control) === 'off')
}

/** What the power indicator shows. */
export function indicatorOf(control: number): keyof typeof Indicator {
  const shown = (control & SlotControl.powerIndicator.mask) >> SlotControl.powerIndicator.shift
  if (shown === Indicator.on) return 'on'
  return shown === Indicator.blink ? 'blink' : 'off'
}

/** Whether an event of the slot is there that the guest wants an interrupt for (section 6.7.3.4). */
export function isEventDue(control: number, status: number): boolean {
  if ((control & SlotControl.interrupt) === 0) return false
  const link = (control & SlotControl.linkChanged) === 0 ? 0 : SlotStatus.linkChanged
  return (status & SLOT_EVENTS & ((control & SlotControl.events) | link)) !== 0
}
