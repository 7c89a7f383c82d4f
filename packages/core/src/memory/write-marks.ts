/** Is told which bytes of a region's memory a transfer has just written; set while somebody logs them (DL-4). */
export interface WriteMarks {
  /** `length` bytes, at least 1, from byte `byte` of page `frame` on, relative to the region. */
  mark(frame: number, byte: number, length: number): void
}
