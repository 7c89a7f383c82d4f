import type { Machine } from '@hostbridge/core/machine'
import { type SimEvent, tickOf, us } from '@hostbridge/core/time'
import type { ConfigCause } from './config-space.ts'
import type { ExpressCapability } from './express-capability.ts'
import { defineSlot, type HotplugOptions, indicatorOf, isEventDue, isSwitchedOff } from './slot-registers.ts'
import { Express, LinkControl, LinkStatus } from './spec/express.ts'
import { Indicator, SlotCapability, SlotControl, SlotStatus } from './spec/hotplug.ts'

/** What a slot needs of its port. */
export interface SlotPort {
  readonly express: ExpressCapability
  readonly timeline: Machine | undefined
  /** Whether there is a card whose function 0 is there. */
  readonly occupied: boolean
  /** Makes an event of the port. */
  makeEvent(key: string, action: () => void): SimEvent
  /** Cuts the card off, or connects it. */
  setLink(up: boolean): void
  /** Starts the card anew. */
  resetCard(): void
  /** Lets the card go, as its guest wishes. */
  eject(): void
  /** The guest keeps a card that somebody wishes to leave. */
  keep(): void
  /** Signals that there is a hotplug event, or that there is none any more. */
  signal(raised: boolean): void
}

const COMMAND_TIME = 10n * us
const LINK_TIME = 100n * us

/**
 * The slot of a PCI Express port, as its guest's driver knows it: presence, power, link, indicators, attention button, latch, and
 * events (PCI Express Base 5.0, section 6.7).
 *
 * A card that comes while the machine runs finds the power off: the guest switches it on. One that is to leave waits for the
 * guest, who switches off power and power indicator. Every change is an event at its virtual time.
 */
export class HotplugSlot {
  /** As the port's slot capabilities say it; 0 says nothing. */
  readonly number: number
  readonly hotplug: boolean
  readonly #port: SlotPort
  readonly #options: HotplugOptions
  readonly #completion: SimEvent
  readonly #training: SimEvent
  #control: number
  #faulted = false
  #signalled = false

  constructor(port: SlotPort, options: HotplugOptions = {}) {
    this.#port = port
    this.#options = options
    this.number = options.number ?? 0
    this.hotplug = options.hotplug ?? true
    this.#completion = port.makeEvent('slot command', () => this.#raise(SlotStatus.commandCompleted))
    this.#training = port.makeEvent('slot link', () => this.#settleLink())
    defineSlot(port.express, options)
    this.#control = this.#get(Express.slotControl)
    port.express.watch(Express.slotControl, (cause) => this.#controlled(cause))
    port.express.watch(Express.slotStatus, (cause) => this.#cleared(cause))
    port.express.watch(Express.linkControl, (cause) => {
      if (cause === 'write') this.#followPower()
    })
  }

  /** Whether the guest has the power on, or there is nothing that could switch it. */
  get powered(): boolean {
    return !this.#faulted && (this.#get(Express.slotControl) & SlotControl.powerOff) === 0
  }

  /** Whether the link to the card is up. */
  get linked(): boolean {
    return (this.#get(Express.linkStatus) & LinkStatus.active) !== 0
  }

  /** What the power indicator shows; `off` where there is none. */
  get powerIndicator(): keyof typeof Indicator {
    return indicatorOf(this.#get(Express.slotControl))
  }

  /** Whether the guest has switched off what there is to switch off: whatever sits here may go. */
  get switchedOff(): boolean {
    return isSwitchedOff(this.#get(Express.slotCapabilities), this.#get(Express.slotControl))
  }

  get attentionButton(): boolean {
    return (this.#get(Express.slotCapabilities) & SlotCapability.attentionButton) !== 0
  }

  /** A card has come: while the machine is composed it is there from the beginning, later the guest is told. */
  arrived(composed: boolean): void {
    if (composed || !this.hotplug) {
      this.#populate()
      return
    }
    if (this.#present) return
    this.#setPresent(true)
    this.#raise(SlotStatus.presenceChanged | (this.attentionButton ? SlotStatus.attentionButton : 0))
    this.#followPower()
  }

  /** The card has gone, asked or not. */
  left(): void {
    if (!this.#present) return
    this.#setPresent(false)
    this.#raise(SlotStatus.presenceChanged)
    this.#followPower()
  }

  /** Somebody pushes the attention button: the guest switches on what is off, or off what is on. */
  pressAttentionButton(): void {
    this.#raise(SlotStatus.attentionButton)
  }

  /** Opens or closes the latch that holds the card. */
  setLatch(open: boolean): void {
    const status = this.#get(Express.slotStatus)
    if (this.#options.latch !== true || open === ((status & SlotStatus.latchOpen) !== 0)) return
    this.#set(status ^ SlotStatus.latchOpen)
    this.#raise(SlotStatus.latchChanged)
  }

  /** The power fails: it stays off until the guest switches it off and on. */
  failPower(): void {
    this.#faulted = true
    this.#raise(SlotStatus.powerFault)
    this.#followPower()
  }

  /** As after a reset: a card that is there has power. */
  reset(): void {
    this.#faulted = false
    this.#cancel()
    if (this.#port.occupied) this.#populate()
    else this.#followPower()
    this.#control = this.#get(Express.slotControl)
    this.#notify()
  }

  save(): { readonly faulted: boolean; readonly signalled: boolean } {
    return { faulted: this.#faulted, signalled: this.#signalled }
  }

  /** Takes up what it was, without telling anybody: the registers are restored already. */
  restore(saved: { readonly faulted: boolean; readonly signalled: boolean }): void {
    this.#faulted = saved.faulted
    this.#signalled = saved.signalled
    this.#control = this.#get(Express.slotControl)
    this.#port.setLink(this.linked)
  }

  get #present(): boolean {
    return (this.#get(Express.slotStatus) & SlotStatus.present) !== 0
  }

  /** A card that has been there from the beginning: present, powered, linked, and no event of it. */
  #populate(): void {
    this.#setPresent(true)
    const indicator = this.#options.indicators === false ? 0 : Indicator.on << SlotControl.powerIndicator.shift
    const { powerOff, powerIndicator } = SlotControl
    const control = (this.#get(Express.slotControl) & ~(powerOff | powerIndicator.mask)) | indicator
    this.#port.express.set(Express.slotControl, control)
    this.#control = control
    this.#port.express.setLink(true)
    this.#port.setLink(true)
  }

  #setPresent(present: boolean): void {
    const status = this.#get(Express.slotStatus) & ~SlotStatus.present
    this.#set(present ? status | SlotStatus.present : status)
  }

  #controlled(cause: ConfigCause): void {
    if (cause !== 'write') return
    const before = this.#control
    const now = this.#get(Express.slotControl)
    const capabilities = this.#get(Express.slotCapabilities)
    this.#control = now
    if ((now & SlotControl.powerOff) !== 0) this.#faulted = false
    const done = isSwitchedOff(capabilities, now) && !isSwitchedOff(capabilities, before)
    if (done && this.#present) this.#port.eject()
    else if (indicatorOf(before) === 'blink' && indicatorOf(now) === 'on') this.#port.keep()
    this.#followPower()
    this.#notify()
    if (this.hotplug && !this.#completion.scheduled) {
      this.#schedule(this.#completion, this.#options.commandTime ?? COMMAND_TIME)
    }
  }

  #cleared(cause: ConfigCause): void {
    if (cause === 'write') this.#notify()
  }

  /** Lets the link follow presence, power and what the guest says of it: it goes down at once and comes up after a while. */
  #followPower(): void {
    const wanted = this.#wanted
    if (wanted === this.linked) {
      this.#deschedule(this.#training)
      return
    }
    if (!wanted) {
      this.#changeLink(false)
      // A card that is still there starts anew; one that was pulled fails with what it has under way.
      if (this.#present) this.#port.resetCard()
    }
    if (wanted && !this.#training.scheduled) this.#schedule(this.#training, this.#options.linkTime ?? LINK_TIME)
  }

  get #wanted(): boolean {
    const disabled = (this.#get(Express.linkControl) & LinkControl.disable) !== 0
    return this.#present && this.#port.occupied && this.powered && !disabled
  }

  #settleLink(): void {
    if (this.#wanted && !this.linked) this.#changeLink(true)
  }

  #changeLink(up: boolean): void {
    this.#port.express.setLink(up)
    this.#port.setLink(up)
    this.#raise(SlotStatus.linkChanged)
  }

  #raise(events: number): void {
    if (!this.hotplug) return
    this.#set(this.#get(Express.slotStatus) | events)
    this.#notify()
  }

  /** Interrupts are for the edge from no enabled event to any (section 6.7.3.4). */
  #notify(): void {
    const raised = isEventDue(this.#get(Express.slotControl), this.#get(Express.slotStatus))
    if (raised === this.#signalled) return
    this.#signalled = raised
    this.#port.signal(raised)
  }

  #schedule(event: SimEvent, delay: bigint): void {
    const { timeline } = this.#port
    if (timeline === undefined) return
    timeline.queue.schedule(event, tickOf(timeline.now + delay))
  }

  #deschedule(event: SimEvent): void {
    event.queue?.deschedule(event)
  }

  #cancel(): void {
    this.#deschedule(this.#completion)
    this.#deschedule(this.#training)
  }

  #get(field: (typeof Express)[keyof typeof Express]): number {
    return this.#port.express.get(field)
  }

  #set(status: number): void {
    this.#port.express.set(Express.slotStatus, status)
  }
}
