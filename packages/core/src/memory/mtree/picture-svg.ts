import { sizeOf } from '../../address/range.ts'
import type { AddressSpace } from '../address-space.ts'
import { digits } from './digits.ts'
import { formatSize } from './human-size.ts'
import { itemsOf } from './picture-items.ts'
import { layOut, type PictureBox, type PictureRow, ROW_HEIGHT } from './picture-layout.ts'

const MARGIN = 16
const HEAD = 56
/** Room for 16 digits. */
const ADDRESSES = 132
const COLUMN = 176
const INSET = 3
/** The width of a letter of the names, on the safe side. */
const LETTER = 7

const STYLE = `
  text { font: 12px ui-monospace, monospace; fill: #222 }
  .title { font-size: 14px; font-weight: bold }
  .faint { fill: #767676 }
  .page { fill: #fff }
  .edge { stroke: #ddd }
  rect.box { stroke: #666; fill: #e8e8e8 }
  rect.container { fill: none; stroke: #aaa }
  rect.ram { fill: #cfe3d4 } rect.rom { fill: #e6dcc6 } rect.romd { fill: #ecd9b0 } rect.ramd { fill: #bcd9d6 }
  rect.mmio { fill: #cfdcec } rect.iommu { fill: #ddd3ea } rect.alias { fill: #eee; stroke-dasharray: 6 2 }
  .off { opacity: 0.45 } rect.off { stroke-dasharray: 2 3 }
  @media (prefers-color-scheme: dark) {
    text { fill: #ddd } .faint { fill: #8a8a8a } .page { fill: #1b1b1b } .edge { stroke: #3a3a3a }
    rect.box { stroke: #999; fill: #3a3a3a } rect.container { fill: none; stroke: #666 }
    rect.ram { fill: #2f4a37 } rect.rom { fill: #4d4330 } rect.romd { fill: #574522 } rect.ramd { fill: #27494a }
    rect.mmio { fill: #2c3f57 } rect.iommu { fill: #43365a } rect.alias { fill: #333 }
  }
`

/**
 * Draws an address space as an SVG image, lowest address on top: what is seen, and beside it the tree that it comes
 * from, level by level. The scale is not linear: see {@link layOut}.
 */
export function drawAddressSpace(space: AddressSpace): string {
  const { rows, boxes, columns, height } = layOut(itemsOf(space))
  const right = MARGIN + ADDRESSES + Math.max(columns, 2) * COLUMN + MARGIN
  const bottom = HEAD + height + ROW_HEIGHT + MARGIN
  const parts = [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${right}" height="${bottom}" viewBox="0 0 ${right} ${bottom}">`,
    `<style>${STYLE}</style>`,
    `<rect class="page" width="${right}" height="${bottom}"/>`,
    text(MARGIN, 24, `address space ${space.name}`, 'title'),
    text(columnLeft(0), 46, 'what is seen', 'faint'),
    text(columnLeft(1), 46, 'regions, outermost first', 'faint'),
    ...rows.map((row) => drawEdge(row, right)),
    ...boxes.map(drawBox),
    text(MARGIN, HEAD + height + 12, digits(rows.at(-1)?.last ?? 0n), 'faint'),
    '</svg>',
  ]
  return `${parts.join('\n')}\n`
}

/** Where a row begins, its address, and, in a gap, how much there is of nothing. */
function drawEdge({ start, last, top, gap }: PictureRow, right: number): string {
  const y = HEAD + top
  const line = `<line class="edge" x1="${MARGIN}" y1="${y}" x2="${right - MARGIN}" y2="${y}"/>`
  const label = text(MARGIN, y + 15, digits(start), 'faint')
  const nothing = gap ? text(columnLeft(0) + 8, y + 15, `⋮ ${formatSize(sizeOf({ start, last }))}`, 'faint') : ''
  return `${line}${label}${nothing}`
}

function drawBox({ item, column, top, height }: PictureBox): string {
  const x = columnLeft(column) + INSET
  const y = HEAD + top + 1
  const off = item.disabled ? ' off' : ''
  const size = formatSize(sizeOf(item))
  const width = COLUMN - 2 * INSET
  const rect = `<rect class="box ${item.kind}${off}" x="${x}" y="${y}" width="${width}" height="${height - 2}" rx="3"/>`
  const name = text(x + 6, y + 15, shorten(item.name, Math.floor((width - 12) / LETTER)), off.trim())
  const more = height < 40 ? '' : text(x + 6, y + 30, `${item.kind}, ${size}`, `faint${off}`)
  return `<g><title>${escapeXml(item.detail)}</title>${rect}${name}${more}</g>`
}

function columnLeft(column: number): number {
  return MARGIN + ADDRESSES + column * COLUMN
}

function text(x: number, y: number, words: string, style: string): string {
  return `<text x="${x}" y="${y}"${style === '' ? '' : ` class="${style}"`}>${escapeXml(words)}</text>`
}

function shorten(name: string, most: number): string {
  return name.length <= most ? name : `${name.slice(0, most - 1)}…`
}

function escapeXml(words: string): string {
  return words.replace(/[&<>"]/g, (sign) => `&#${sign.charCodeAt(0)};`)
}
