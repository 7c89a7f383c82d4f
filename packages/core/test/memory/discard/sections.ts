import { type RamRegion, type RamSection, ram } from '../../../src/memory/index.ts'

export const PAGE = 4096n

/** RAM of 16 pages. */
export function testRam(): RamRegion {
  return ram('mem', 16n * PAGE)
}

/** `pages` pages of a region from page `offset` on, at page `at` of an address space. */
export function section(region: RamRegion, offset = 0, pages = 16, at = 100): RamSection {
  const start = BigInt(at) * PAGE
  return { region, start, last: start + BigInt(pages) * PAGE - 1n, offset: BigInt(offset) * PAGE, readonly: false }
}

/** Sections in pages of their region: `2..5`. */
export function inPages(sections: readonly RamSection[]): string[] {
  return sections.map(({ start, last, offset }) => `${offset / PAGE}..${(offset + last - start) / PAGE}`)
}
