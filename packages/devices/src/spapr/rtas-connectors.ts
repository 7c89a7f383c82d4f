import type { AddressSpace } from '@hostbridge/core/memory'
import type { BridgeTable } from './bridge-table.ts'
import type { DrConnector } from './dr-connector.ts'
import { hotplugLog } from './event-log.ts'
import { nodeOf } from './pci-node.ts'
import type { Rtas } from './rtas.ts'
import { Configure, ENTITY_SENSE, EventMask, Indicators, Isolation, NO_EVENT, WORK_AREA } from './spec/connectors.ts'
import { RTAS_CELL, RtasStatus, RtasToken } from './spec/rtas.ts'

const WRONG = [RtasStatus.parameter]

/**
 * Offers the calls of dynamic reconfiguration (LoPAR, "Dynamic Reconfiguration (DR) Architecture"): `set-indicator`,
 * `get-sensor-state` and `ibm,configure-connector`, and of `check-exception` and `event-scan` as much as hotplug needs.
 */
export function offerConnectorCalls(rtas: Rtas, bridges: BridgeTable, memory: () => AddressSpace | undefined): void {
  const wrongCount = RtasStatus.parameter
  rtas.register(RtasToken.setIndicator, {
    name: 'set-indicator',
    args: 3,
    results: [1],
    wrongCount,
    run: ([indicator = 0, index = 0, value = 0]) => [setIndicator(connectorOf(bridges, index), indicator, value)],
  })
  rtas.register(RtasToken.getSensorState, {
    name: 'get-sensor-state',
    args: 2,
    results: [2],
    wrongCount,
    run: ([sensor = 0, index = 0]) => {
      const connector = sensor === ENTITY_SENSE ? connectorOf(bridges, index) : undefined
      return connector === undefined ? WRONG : [RtasStatus.success, connector.sense]
    },
  })
  rtas.register(RtasToken.configureConnector, {
    name: 'ibm,configure-connector',
    args: 2,
    results: [1],
    wrongCount,
    // The address's lower half comes first.
    run: ([low = 0, high = 0]) => [configure(bridges, memory(), (BigInt(high) << 32n) | BigInt(low))],
  })
  rtas.register(RtasToken.checkException, {
    name: 'check-exception',
    results: [1],
    wrongCount,
    run: (args) => (args.length === 6 || args.length === 7 ? [checkException(bridges, memory(), args)] : WRONG),
  })
  rtas.register(RtasToken.eventScan, {
    name: 'event-scan',
    args: 4,
    results: [1],
    wrongCount,
    // Hotplug is told by an interrupt, and asked for with check-exception.
    run: () => [NO_EVENT],
  })
}

function connectorOf(bridges: BridgeTable, index: number): DrConnector | undefined {
  for (const { connectors } of bridges) {
    const connector = connectors?.find(index)
    if (connector !== undefined) return connector
  }
  return undefined
}

function setIndicator(connector: DrConnector | undefined, indicator: number, value: number): number {
  if (connector === undefined) return RtasStatus.parameter
  if (indicator === Indicators.dynamicReconfiguration) return connector.show(value)
  // A physical connector has no allocation state: the platform owns no resource behind it (LoPAR, "allocation-state").
  if (indicator !== Indicators.isolation) return RtasStatus.parameter
  if (value === Isolation.unisolate) return connector.unisolate()
  if (value !== Isolation.isolate) return RtasStatus.parameter
  return connector.isolate((device) => device.machine?.unplug(device))
}

/** Tells the next piece of the node of a function: its name, then a property a call, then that it is complete. */
function configure(bridges: BridgeTable, memory: AddressSpace | undefined, area: bigint): number {
  const word = new Uint8Array(RTAS_CELL)
  memory?.read(area, word)
  const connector = connectorOf(bridges, new DataView(word.buffer).getUint32(0))
  if (connector === undefined) return RtasStatus.parameter
  const { device } = connector
  if (connector.state === 'isolated' || device === undefined) return Configure.notConfigurable
  const node = nodeOf(device, connector.deviceFunction, connector.index)
  const told = connector.told++
  if (told === 0) {
    writeArea(memory, area, [[WORK_AREA.name, WORK_AREA.values]], [textBytes(node.name)])
    return Configure.nextChild
  }
  const property = node.properties[told - 1]
  if (property === undefined) {
    connector.state = 'configured'
    connector.told = 0
    return Configure.done
  }
  const [name, value] = property
  const text = textBytes(name)
  const words: [number, number][] = [
    [WORK_AREA.name, WORK_AREA.values],
    [WORK_AREA.propertyLength, value.length],
    [WORK_AREA.propertyData, WORK_AREA.values + text.length],
  ]
  writeArea(memory, area, words, [text, value])
  return Configure.nextProperty
}

/** Writes words of the work area, by their number, and what they point to; what does not fit is left out. */
function writeArea(
  memory: AddressSpace | undefined,
  area: bigint,
  words: readonly (readonly [word: number, value: number])[],
  values: readonly Uint8Array[],
): void {
  const bytes = new Uint8Array(RTAS_CELL)
  for (const [word, value] of words) {
    new DataView(bytes.buffer).setUint32(0, value)
    memory?.write(area + BigInt(word * RTAS_CELL), bytes)
  }
  let at = WORK_AREA.values
  for (const value of values) {
    if (at + value.length <= WORK_AREA.size) memory?.write(area + BigInt(at), value)
    at += value.length
  }
}

function checkException(bridges: BridgeTable, memory: AddressSpace | undefined, args: readonly number[]): number {
  const [, , mask = 0, , buffer = 0, length = 0] = args
  if ((mask & EventMask.hotplug) === 0) return NO_EVENT
  for (const { connectors } of bridges) {
    const event = connectors?.take()
    if (event === undefined) continue
    memory?.write(BigInt(buffer), hotplugLog(event).subarray(0, length))
    return RtasStatus.success
  }
  return NO_EVENT
}

/** A text with the zero that ends it. */
function textBytes(text: string): Uint8Array {
  return Uint8Array.from([...text].map((letter) => letter.charCodeAt(0)).concat(0))
}
