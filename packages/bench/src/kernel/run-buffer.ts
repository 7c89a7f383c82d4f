import { ENTRY_BYTES, makeSharedMemory, RUN_LANES, type SharedMemory } from '@hostbridge/core/iommu'

/** Byte addresses of the kernel's layout, which is written down in `kernels/scan.wat`. */
const STATE_BYTES = 128
const SET_BITS_AT = 128
const RUNS_AT = 9472

const RUN_BYTES = 32

/** The kernel's state beside the runs: words of 8 bytes, and of 4 bytes, by index. */
const Wide = { baseFrame: 0, framesPerEntry: 1, mask: 2, step: 3, metaBias: 4 } as const
const Narrow = { room: 10, counts: 11, open: 14, slot: 15, wrapped: 16 } as const

/** Shared memory for the state of a scan and for its runs, as the kernel finds it there. */
export class RunBuffer {
  readonly memory: SharedMemory
  /** The runs, {@link RUN_LANES} lanes each: the closed ones, and the open one behind them. */
  readonly runs: Float64Array
  readonly #floats: Float64Array
  readonly #longs: BigInt64Array
  readonly #words: Int32Array

  private constructor(memory: SharedMemory, capacity: number) {
    this.memory = memory
    this.runs = new Float64Array(memory.buffer, RUNS_AT, capacity * RUN_LANES)
    this.#floats = new Float64Array(memory.buffer, 0, STATE_BYTES / 8)
    this.#longs = new BigInt64Array(memory.buffer, 0, STATE_BYTES / 8)
    this.#words = new Int32Array(memory.buffer, 0, STATE_BYTES / 4)
    this.#words[Narrow.room] = RUNS_AT + capacity * RUN_BYTES
  }

  /** `capacity` runs, at least 1024: one block of 512 entries must fit behind others. */
  static create(capacity: number): RunBuffer {
    const memory = makeSharedMemory(RUNS_AT + capacity * RUN_BYTES)
    const bytes = new Uint8Array(memory.buffer)
    for (let mask = 0; mask < 256; mask++) {
      let at = SET_BITS_AT + 8 * mask
      for (let bit = 0; bit < 8; bit++) if ((mask >> bit) & 1) bytes[at++] = 8 * bit
    }
    return new RunBuffer(memory, capacity)
  }

  /** Prepares for a walk over entries of `2^pageShift` bytes. */
  begin(pageShift: number): void {
    const shift = BigInt(pageShift)
    this.#floats[Wide.framesPerEntry] = 2 ** (pageShift - 12)
    this.#floats[Wide.metaBias] = 2 ** 52 - 4 * pageShift
    this.#longs[Wide.mask] = (-1n << shift) | 3n
    this.#longs[Wide.step] = BigInt.asIntN(64, 1n << shift)
    this.#words[Narrow.open] = 0
    this.#words[Narrow.slot] = RUNS_AT
    this.#words[Narrow.wrapped] = 0
  }

  /** Turns to a segment of `entries` whose first one maps `baseFrame`. */
  enter(baseFrame: number, entries: number): void {
    this.#floats[Wide.baseFrame] = baseFrame
    this.#words[Narrow.counts] = entries * ENTRY_BYTES
  }

  /** Begins the next batch: only the open run stays, as the first one. */
  turn(): void {
    if (this.isOpen) this.runs.copyWithin(0, this.count * RUN_LANES, (this.count + 1) * RUN_LANES)
    this.#words[Narrow.slot] = RUNS_AT
  }

  /** Closed runs. */
  get count(): number {
    return ((this.#words[Narrow.slot] as number) - RUNS_AT) / RUN_BYTES
  }

  get isOpen(): boolean {
    return this.#words[Narrow.open] !== 0
  }

  /** First frame of the open run. */
  get openFrame(): number {
    return this.runs[this.count * RUN_LANES] as number
  }

  /** A closed run leads past the end of the target space, where the kernel goes on at 0: it should have been two. */
  get isWrapped(): boolean {
    return this.#words[Narrow.wrapped] !== 0
  }

  /** Ends the open run, if there is one, before `frame`. */
  close(frame: number): void {
    if (!this.isOpen) return
    const at = this.count * RUN_LANES
    const frames = frame - (this.runs[at] as number)
    this.runs[at + 1] = frames
    if ((this.runs[at + 2] as number) + frames > 2 ** 52) this.#words[Narrow.wrapped] = 1
    this.#words[Narrow.open] = 0
    this.#words[Narrow.slot] = (this.#words[Narrow.slot] as number) + RUN_BYTES
  }
}
