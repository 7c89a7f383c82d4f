/** Sizes in bytes, to multiply with: `4n * GiB`. */
export const KiB = 1024n
export const MiB: bigint = 1024n * KiB
export const GiB: bigint = 1024n * MiB
export const TiB: bigint = 1024n * GiB

/** The number of addresses of a 64-bit space; the size of the largest region and window. */
export const ADDRESS_SPACE_SIZE: bigint = 1n << 64n

/** The last address of a 64-bit space. */
export const LAST_ADDRESS: bigint = ADDRESS_SPACE_SIZE - 1n
