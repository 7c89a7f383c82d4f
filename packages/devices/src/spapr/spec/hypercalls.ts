/** Hypercall numbers (LoPAR, "Hypervisor Call Functions"; rule HC-1). */
export const Hcall = {
  getTce: 0x1c,
  putTce: 0x20,
  stuffTce: 0x138,
  putTceIndirect: 0x13c,
  /** A call of the firmware, not of LoPAR: how QEMU's firmware hands RTAS calls on. */
  rtas: 0xf000,
} as const

/** Return codes of hypercalls, as the guest finds them in r3 (LoPAR, "Hypervisor Call Return Codes"). */
export const HcallStatus = {
  success: 0,
  /** The platform could not do it: here, whoever mirrors the table refused the mapping. */
  hardware: -1,
  /** No such hypercall. */
  function: -2,
  /** An argument is out of range or names nothing. */
  parameter: -4,
} as const

/** The most TCEs that one H_PUT_TCE_INDIRECT may carry: one page of them (HC-6). */
export const INDIRECT_LIMIT = 512

/** H_PUT_TCE_INDIRECT takes its list from one such page, aligned (HC-6). */
export const TCE_LIST_BYTES = 4096
