/**
 * A translation control entry (LoPAR, "TCE definition"; rule TC-2): bits 1..0 say what is permitted (read 1, write 2),
 * bits from the page shift up are the real page; what lies between is stored and read back, and means nothing to a
 * translation.
 */
export const TCE_PERMISSION_MASK = 3

/** log2 of the page sizes that TCE tables are made with: 4 KiB, 64 KiB, 2 MiB, 16 MiB (PH-6). */
export const TCE_PAGE_SHIFTS: readonly number[] = [12, 16, 21, 24]

/** Entries are counted in 32 bits (TC-1). */
export const MAX_TCE_ENTRIES: number = 2 ** 32 - 1
