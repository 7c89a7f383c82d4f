import { ASYNC_EVENT_REQUESTS } from './async-events.ts'
import { ERROR_LOG_ENTRIES, putText } from './log-pages.ts'
import type { NvmeNamespace } from './namespace.ts'
import { NVME_COMMAND_SHIFT, NVME_COMPLETION_SHIFT } from './spec/command.ts'
import {
  NVME_IDENTIFY_SIZE,
  NVME_OPTIONAL_COMMANDS,
  NVME_UUID_DESCRIPTOR,
  NvmeControllerData,
  NvmeNamespaceData,
} from './spec/identify.ts'
import { NVME_VERSION } from './spec/registers.ts'

/** What a controller says about itself. */
export interface ControllerIdentity {
  readonly vendor: number
  readonly subsystemVendor: number
  readonly serial: string
  readonly model: string
  readonly firmware: string
  /** log2 of the pages of 4 KiB of the longest transfer. */
  readonly maxTransferShift: number
  /** Entries of a queue. */
  readonly entries: number
  readonly namespaces: number
}

const ALL_EQUAL = (shift: number): number => (shift << 4) | shift

/** Identify Controller (NVM Express 1.3d, figure 109). */
export function identifyController(identity: ControllerIdentity): Uint8Array {
  const data = new Uint8Array(NVME_IDENTIFY_SIZE)
  const view = new DataView(data.buffer)
  const at = NvmeControllerData
  view.setUint16(at.vendor, identity.vendor, true)
  view.setUint16(at.subsystemVendor, identity.subsystemVendor, true)
  putText(data, at.serialNumber.offset, at.serialNumber.length, identity.serial)
  putText(data, at.modelNumber.offset, at.modelNumber.length, identity.model)
  putText(data, at.firmwareRevision.offset, at.firmwareRevision.length, identity.firmware)
  data[at.recommendedBurst] = 6
  data[at.maxTransfer] = identity.maxTransferShift
  view.setUint32(at.version, NVME_VERSION, true)
  data[at.abortLimit] = 3
  data[at.asyncEventLimit] = ASYNC_EVENT_REQUESTS - 1
  // One slot, which cannot be written.
  data[at.firmwareSlots] = 0x3
  data[at.logPageAttributes] = 0x4
  data[at.errorLogEntries] = ERROR_LOG_ENTRIES - 1
  view.setUint16(at.warningTemperature, 0x157, true)
  view.setUint16(at.criticalTemperature, 0x175, true)
  data[at.submissionEntry] = ALL_EQUAL(NVME_COMMAND_SHIFT)
  data[at.completionEntry] = ALL_EQUAL(NVME_COMPLETION_SHIFT)
  view.setUint16(at.maxCommands, identity.entries, true)
  view.setUint32(at.namespaces, identity.namespaces, true)
  view.setUint16(at.optionalCommands, NVME_OPTIONAL_COMMANDS, true)
  data[at.volatileWriteCache] = 1
  const name = `nqn.2014-08.org.nvmexpress:hostbridge:${identity.serial}`
  for (let index = 0; index < Math.min(name.length, at.subsystemName.length - 1); index++) {
    data[at.subsystemName.offset + index] = name.charCodeAt(index) & 0x7f
  }
  return data
}

/** Identify Namespace (figure 114); zeros for one that is not there. */
export function identifyNamespace(namespace: NvmeNamespace | undefined): Uint8Array {
  const data = new Uint8Array(NVME_IDENTIFY_SIZE)
  if (namespace === undefined) return data
  const view = new DataView(data.buffer)
  const blocks = BigInt(namespace.blocks)
  for (const field of [NvmeNamespaceData.size, NvmeNamespaceData.capacity, NvmeNamespaceData.used]) {
    view.setBigUint64(field, blocks, true)
  }
  data[NvmeNamespaceData.deallocated] = namespace.backing.zero === undefined ? 0 : 1
  data[NvmeNamespaceData.firstFormat + 2] = namespace.blockShift
  return data
}

/** The namespaces behind number `after`, ascending (section 4.8). */
export function activeNamespaces(namespaces: readonly NvmeNamespace[], after: number): Uint8Array {
  const data = new Uint8Array(NVME_IDENTIFY_SIZE)
  const view = new DataView(data.buffer)
  const ids = namespaces.map(({ id }) => id).filter((id) => id > after)
  for (const [index, id] of ids.slice(0, NVME_IDENTIFY_SIZE / 4).entries()) view.setUint32(4 * index, id, true)
  return data
}

/** The descriptors of a namespace (figure 116): a UUID made of the controller's serial number and the namespace's own. */
export function namespaceDescriptors(serial: string, id: number): Uint8Array {
  const data = new Uint8Array(NVME_IDENTIFY_SIZE)
  data[0] = NVME_UUID_DESCRIPTOR.type
  data[1] = NVME_UUID_DESCRIPTOR.length
  const uuid = data.subarray(4, 4 + NVME_UUID_DESCRIPTOR.length)
  putText(uuid, 0, 12, serial)
  new DataView(data.buffer).setUint32(4 + 12, id)
  // Version 8, whose bits are whatever their maker likes, and the variant of RFC 9562.
  uuid[6] = ((uuid[6] as number) & 0x0f) | 0x80
  uuid[8] = ((uuid[8] as number) & 0x3f) | 0x80
  return data
}
