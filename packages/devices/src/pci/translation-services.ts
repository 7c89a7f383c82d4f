import type { AtsInvalidation, AtsRequest, AtsTranslation, BusIommu, PageRequest, PageResponse } from './bus-iommu.ts'
import { BusSlot } from './bus-slot.ts'
import type { PciDevice } from './pci-device.ts'
import type { RequesterPlace } from './requester.ts'
import { Ats, ExtendedId, Pasid } from './spec/extended.ts'
import { Command, Header } from './spec/header.ts'

/** Why a function gets no answer (PC-7); the numbers are those of errno, less than 0. */
export const TranslationError = {
  /** It is no bus master, or what it asks for is not switched on. */
  notPermitted: -1,
  /** No IOMMU on the way offers the service. */
  noDevice: -19,
  /** There is no room for the answer. */
  noSpace: -28,
} as const

export type TranslationErrorCode = (typeof TranslationError)[keyof typeof TranslationError]

/** What a function is told that has asked: translations, or why not. */
export type AtsAnswer = readonly AtsTranslation[] | TranslationErrorCode

/** Asks for translations ahead of their use (PC-7). */
export function requestTranslation(device: PciDevice, request: AtsRequest): AtsAnswer {
  if (!mayAsk(device, request.pasid)) return TranslationError.notPermitted
  if (request.most <= 0) return TranslationError.noSpace
  if (!isEnabled(device)) return TranslationError.notPermitted
  const [iommu, place] = iommuOf(device)
  return iommu?.translate?.(place, request).slice(0, request.most) ?? TranslationError.noDevice
}

/** Lets a function hear of translations that it must forget (PC-7); returns what ends that. */
export function watchInvalidations(
  device: PciDevice,
  pasid: number | undefined,
  told: (event: AtsInvalidation) => void,
): (() => void) | TranslationErrorCode {
  if (!mayAsk(device, pasid)) return TranslationError.notPermitted
  const [iommu, place] = iommuOf(device)
  return iommu?.onInvalidate?.(place, pasid, told) ?? TranslationError.noDevice
}

/** Asks for a page that is not there (PC-7); `undefined` where the request is on its way. */
export function requestPage(device: PciDevice, request: PageRequest): TranslationErrorCode | undefined {
  if (!mayAsk(device, request.pasid)) return TranslationError.notPermitted
  const [iommu, place] = iommuOf(device)
  if (iommu?.requestPage === undefined) return TranslationError.noDevice
  iommu.requestPage(place, request)
  return undefined
}

/** Lets a function hear of responses to its page requests (PC-7); returns what ends that. */
export function watchPageResponses(
  device: PciDevice,
  pasid: number | undefined,
  told: (event: PageResponse) => void,
): (() => void) | TranslationErrorCode {
  if (!mayAsk(device, pasid)) return TranslationError.notPermitted
  const [iommu, place] = iommuOf(device)
  return iommu?.onPageResponse?.(place, pasid, told) ?? TranslationError.noDevice
}

/** Only a bus master asks, and with a process's id only where those are switched on. */
function mayAsk(device: PciDevice, pasid: number | undefined): boolean {
  if (!device.awake || (device.config.get(Header.command) & Command.busMaster) === 0) return false
  return pasid === undefined || device.extended.find(ExtendedId.pasid)?.get(Pasid.enable) === 1
}

function isEnabled(device: PciDevice): boolean {
  return device.extended.find(ExtendedId.ats)?.get(Ats.enable) === 1
}

function iommuOf({ slot }: PciDevice): [BusIommu | undefined, RequesterPlace] {
  if (!(slot instanceof BusSlot)) return [undefined, undefined as never]
  return [slot.decision.by, slot.decision.alias]
}
