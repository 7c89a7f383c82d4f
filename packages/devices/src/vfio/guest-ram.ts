import { PAGE_SIZE } from '@hostbridge/core/address'
import type { AddressSpace, FlatRange, FlatView, MappableRegion } from '@hostbridge/core/memory'
import type { RefusalCode } from './refused-frames.ts'

interface Window {
  readonly region: MappableRegion
  readonly readonly: boolean
  /** Page frames to add to the guest's for the region's own, or NaN where their pages do not coincide. */
  readonly distance: number
}

/**
 * What lies behind the page frames of a guest's memory: which RAM, RAM devices included (MT-4), and where the host has it
 * (rules MT-1 to MT-3).
 *
 * {@link locate} leaves its answer in the fields, so that a run costs no allocation. The map is made anew when the
 * guest's flat view has changed.
 */
export class GuestRam {
  /** How many of the frames asked for the answer holds for, at least 1. */
  frames = 0
  /** The host's frame of the first one; meaningful where `code` is undefined. */
  hostFrame = 0
  /** The RAM itself refuses writes; a read-only alias does not count (MR-12, VN-2). */
  readonly = false
  /** Why there is nothing to map. */
  code: RefusalCode | undefined

  readonly #space: AddressSpace
  readonly #hostFrameOf: (region: MappableRegion) => number | undefined
  #view: FlatView | undefined
  #firsts: number[] = []
  #ends: number[] = []
  #windows: Window[] = []
  #latest = 0

  /** `hostFrameOf` gives a RAM region its place in the host, or `undefined` if it has none left. */
  constructor(space: AddressSpace, hostFrameOf: (region: MappableRegion) => number | undefined) {
    this.#space = space
    this.#hostFrameOf = hostFrameOf
  }

  /** Says what the `frames` page frames from `frame` begin with. */
  locate(frame: number, frames: number): void {
    if (this.#view !== this.#space.flatView) this.#read(this.#space.flatView)
    const index = this.#windowAt(frame)
    const window = this.#windows[index]
    if (window === undefined || frame < this.#firsts[index]!) {
      const next = this.#firsts[index] ?? Infinity
      this.frames = Math.min(frames, next - frame)
      this.code = 'not-ram'
      return
    }
    this.frames = Math.min(frames, this.#ends[index]! - frame)
    this.code = Number.isNaN(window.distance) ? 'page-size' : this.#place(window, frame)
    this.readonly = window.readonly
  }

  #place(window: Window, frame: number): RefusalCode | undefined {
    const base = this.#hostFrameOf(window.region)
    if (base === undefined) return 'host-memory'
    this.hostFrame = base + frame + window.distance
    return undefined
  }

  /** The index of the first window that ends after `frame`. */
  #windowAt(frame: number): number {
    const latest = this.#latest
    if (frame >= this.#firsts[latest]! && frame < this.#ends[latest]!) return latest
    let low = 0
    let high = this.#windows.length
    while (low < high) {
      const middle = (low + high) >>> 1
      if (this.#ends[middle]! <= frame) low = middle + 1
      else high = middle
    }
    this.#latest = low
    return low
  }

  #read(view: FlatView): void {
    this.#view = view
    this.#firsts = []
    this.#ends = []
    this.#windows = []
    this.#latest = 0
    for (const range of view.ranges) {
      if (range.mappable !== undefined) this.#addWindow(range, range.mappable)
    }
  }

  #addWindow(range: FlatRange, region: MappableRegion): void {
    const first = range.startFrame + (range.startByte === 0 ? 0 : 1)
    const end = range.lastFrame + (range.lastByte === PAGE_SIZE - 1 ? 1 : 0)
    if (first >= end) return
    this.#firsts.push(first)
    this.#ends.push(end)
    const distance = range.shiftBytes === 0 ? range.shiftFrames : Number.NaN
    this.#windows.push({ region, readonly: region.readonly, distance })
  }
}
