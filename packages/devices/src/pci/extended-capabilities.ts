import type { ExtendedLayout, ExtendedRegister } from './extended-capability-list.ts'
import {
  ACS_SERVICES,
  ACS_SIZE,
  Acs,
  AER_CONTROL,
  AER_CORRECTABLE,
  AER_ROOT,
  AER_SIZE,
  AER_UNCORRECTABLE,
  Aer,
  ATS_ALIGNED,
  ATS_CONTROL,
  ATS_SIZE,
  Ats,
  ExtendedId,
  PASID_BITS,
  PASID_SIZE,
  Pasid,
  PRI_BITS,
  PRI_SIZE,
  Pri,
} from './spec/extended.ts'

/** Advanced error reporting (PCI Express Base 5.0, section 7.8.4); `root` adds the registers that only a root port has. */
export function errorReporting({ root = false }: { readonly root?: boolean } = {}): ExtendedLayout {
  const { all, fatal } = AER_UNCORRECTABLE
  const registers: ExtendedRegister[] = [
    { field: Aer.uncorrectableStatus, value: 0, clearable: all },
    { field: Aer.uncorrectableMask, value: 0, writable: all },
    { field: Aer.uncorrectableSeverity, value: fatal, writable: all },
    { field: Aer.correctableStatus, value: 0, clearable: AER_CORRECTABLE.all },
    { field: Aer.correctableMask, value: AER_CORRECTABLE.masked, writable: AER_CORRECTABLE.all },
    { field: Aer.control, value: AER_CONTROL.capable, writable: AER_CONTROL.writable },
  ]
  if (root) {
    registers.push({ field: Aer.rootCommand, value: 0, writable: AER_ROOT.command })
    registers.push({ field: Aer.rootStatus, value: 0, clearable: AER_ROOT.status })
  }
  return { id: ExtendedId.errors, version: 2, size: AER_SIZE, registers }
}

/** Access control services (section 7.7.8) of a port with a link below it, or of a function. */
export function accessControl(kind: keyof typeof ACS_SERVICES = 'function'): ExtendedLayout {
  const services = ACS_SERVICES[kind]
  const registers = [
    { field: Acs.capabilities, value: services },
    { field: Acs.control, value: 0, writable: services },
  ]
  return { id: ExtendedId.accessControl, version: 1, size: ACS_SIZE, registers }
}

/** Address translation services (section 10.5.1); `queue` is the number of invalidations that the function takes at once, 1 to 32. */
export function addressTranslation({ queue = 32 }: { readonly queue?: number } = {}): ExtendedLayout {
  const registers = [
    // 0 stands for 32.
    { field: Ats.capabilities, value: (queue & 0x1f) | ATS_ALIGNED },
    { field: Ats.control, value: 0, writable: ATS_CONTROL },
  ]
  return { id: ExtendedId.ats, version: 1, size: ATS_SIZE, registers }
}

/** The page request interface (section 10.5.2); `capacity` is the number of requests that may be open. */
export function pageRequests({ capacity = 32 }: { readonly capacity?: number } = {}): ExtendedLayout {
  const registers = [
    { field: Pri.control, value: 0, writable: PRI_BITS.control },
    { field: Pri.status, value: PRI_BITS.stopped, clearable: PRI_BITS.clearable },
    { field: Pri.capacity, value: capacity },
    { field: Pri.allocation, value: 0, writable: 0xffff_ffff },
  ]
  return { id: ExtendedId.pageRequest, version: 1, size: PRI_SIZE, registers }
}

/** Process address space ids (section 7.8.8) of up to `width` bits, 1 to 20. */
export function processIds({ width = 20 }: { readonly width?: number } = {}): ExtendedLayout {
  const { execute, privileged, widthShift, enable } = PASID_BITS
  const registers = [
    { field: Pasid.capabilities, value: execute | privileged | (width << widthShift) },
    { field: Pasid.control, value: 0, writable: enable | execute | privileged },
  ]
  return { id: ExtendedId.pasid, version: 1, size: PASID_SIZE, registers }
}
