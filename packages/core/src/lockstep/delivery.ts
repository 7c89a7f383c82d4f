import { SimEvent } from '../time/event.ts'

/** A message on its way to a domain: an event of the domain that receives it, in the turn of the one that sent it. */
export class Delivery extends SimEvent {
  /** Number of the link that it has come by. */
  readonly link: number
  port = 0
  payload: Uint8Array = NOTHING

  /** `source` is that of the sender, see {@link sourceOf}. */
  constructor(name: string, link: number, priority: number, source: number, deliver: (delivery: Delivery) => void) {
    super((event) => deliver(event as Delivery), { name, priority, source })
    this.link = link
  }
}

const NOTHING = new Uint8Array(0)

/**
 * The source of another domain's events: its number and one. Source 0 is the domain itself, whose events of an instant and
 * priority come before messages; how many messages have arrived by then does not change the order among its own.
 */
export function sourceOf(domain: number): number {
  return domain + 1
}
