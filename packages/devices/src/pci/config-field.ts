/** A field of configuration space: a register of 1 to 4 bytes, or some bits of one. Its name is its key in its table. */
export interface ConfigField {
  /** Offset of its register's first byte. */
  readonly offset: number
  /** Bytes of its register, 1 to 4. */
  readonly size: number
  /** Lowest bit in the register; 0 unless told. */
  readonly low?: number
  /** Bits, 1 to 32; all from `low` on unless told. */
  readonly width?: number
}

/** The same field of a structure that lies `by` bytes further on: a capability's registers count from its start. */
export function fieldAt(of: ConfigField, by: number): ConfigField {
  return { ...of, offset: of.offset + by }
}

/** All bits of a field, where they lie in its register. */
export function maskOf({ size, low = 0, width = size * 8 - low }: ConfigField): number {
  return ((2 ** width - 1) * 2 ** low) >>> 0
}
