import type { ConnectorEvent } from './dr-connectors.ts'
import { EventLog, HotplugEvent } from './spec/connectors.ts'

const SECTION_HEADER = 8

/** The log of a hotplug event as a guest reads it, big-endian (LoPAR, "RTAS Event Log Format", version 6): main, user and hotplug section. */
export function hotplugLog({ action, index }: ConnectorEvent): Uint8Array {
  const { main, user, hotplug, headerSize } = EventLog
  const extended = headerSize + main.size + user.size + hotplug.size
  const bytes = new Uint8Array(8 + extended)
  const view = new DataView(bytes.buffer)
  view.setUint32(0, EventLog.summary)
  view.setUint32(4, extended)
  bytes[8] = EventLog.first
  bytes[10] = EventLog.format
  view.setUint32(20, EventLog.company)
  let at = 8 + headerSize
  const section = (id: number, size: number, version: number): number => {
    view.setUint16(at, id)
    view.setUint16(at + 2, size)
    bytes[at + 4] = version
    const body = at + SECTION_HEADER
    at += size
    return body
  }
  const mainBody = section(main.id, main.size, 1)
  bytes[mainBody + 16] = main.creator
  // Sections, this one among them.
  bytes[mainBody + 19] = 3
  section(user.id, user.size, 1)
  const body = section(hotplug.id, hotplug.size, 1)
  bytes[body] = HotplugEvent.typePci
  bytes[body + 1] = HotplugEvent[action]
  bytes[body + 2] = HotplugEvent.byIndex
  view.setUint32(body + 4, index)
  return bytes
}
