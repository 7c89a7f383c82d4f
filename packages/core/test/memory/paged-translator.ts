import type { AddressSpace, PermissionBits, Translation, Translator } from '../../src/memory/index.ts'

/** A translator with a list of entries, for tests. */
export class PagedTranslator implements Translator {
  readonly asked: string[] = []
  readonly #entries: {
    frame: number
    frames: number
    target: number
    permission: PermissionBits
    space: AddressSpace
  }[] = []

  /** Maps the natural block of `frames` pages at `frame`. */
  map(frame: number, target: number, space: AddressSpace, permission: PermissionBits = 3, frames = 1): this {
    this.#entries.push({ frame, frames, target, permission, space })
    return this
  }

  /** Takes out the entries that begin at `frame`. */
  unmap(frame: number): void {
    for (let i = this.#entries.length - 1; i >= 0; i--) {
      if (this.#entries[i]?.frame === frame) this.#entries.splice(i, 1)
    }
  }

  translate(frame: number, access: PermissionBits, out: Translation): void {
    this.asked.push(`${frame.toString(16)} ${access}`)
    const entry = this.#entries.find((entry) => entry.frame <= frame && frame < entry.frame + entry.frames)
    if (entry === undefined) return
    out.permission = entry.permission
    out.frame = entry.target + (frame - entry.frame)
    out.shift = 12 + Math.log2(entry.frames)
    out.target = entry.space
  }
}
