import { deflateSync, inflateSync, strFromU8, strToU8 } from 'fflate'
import { HostbridgeError } from '../errors.ts'
import { crc32 } from './crc32.ts'

/** A named part of a snapshot's file. */
export interface Section {
  readonly name: string
  readonly bytes: Uint8Array
}

/** `\x89HBSNAP\n`: the first byte is no text, and whoever changes line ends damages the last. */
const MAGIC = Uint8Array.of(0x89, 0x48, 0x42, 0x53, 0x4e, 0x41, 0x50, 0x0a)

/** What this code writes, and the only one that it reads. */
export const SNAPSHOT_VERSION = 1

/** Magic, version, bytes of the table, CRC of the table. */
const HEADER = 20

/** Bytes of a row of the table, without its name. */
const ROW = 16

/** A deflate stream is at least a 1032nd of what it holds. */
const MOST_DEFLATED = 1032

const FAST = 1

/**
 * Packs sections into one file, each compressed where that makes it smaller.
 *
 * Little-endian: magic, u32 version, u32 length and u32 CRC-32 of the table; the table has for each section u32 length of its
 * name, the name in UTF-8, u32 raw length, u32 stored length, u32 CRC-32 of what is stored; then the sections, without gaps.
 * Stored as long as raw means not compressed, else it is a raw deflate stream.
 */
export function packSections(sections: readonly Section[]): Uint8Array<ArrayBuffer> {
  const stored = sections.map(({ bytes }) => compressed(bytes))
  const rows = sections.map(({ name, bytes }, index) => row(name, bytes.length, stored[index] as Uint8Array))
  const table = join(rows)
  const header = new Uint8Array(HEADER)
  header.set(MAGIC)
  const view = new DataView(header.buffer)
  view.setUint32(8, SNAPSHOT_VERSION, true)
  view.setUint32(12, table.length, true)
  view.setUint32(16, crc32(table), true)
  return join([header, table, ...stored])
}

/**
 * Unpacks what {@link packSections} has made, after checking all of it.
 *
 * @throws HostbridgeError `snapshot.damaged` with what is wrong and where, `snapshot.version` for that of another release.
 */
export function unpackSections(file: Uint8Array): Section[] {
  if (file.length < HEADER || MAGIC.some((byte, index) => file[index] !== byte)) {
    throw damaged('it does not begin as a snapshot does', 0)
  }
  const view = new DataView(file.buffer, file.byteOffset, file.byteLength)
  const version = view.getUint32(8, true)
  if (version !== SNAPSHOT_VERSION) {
    throw new HostbridgeError(
      'snapshot.version',
      `the snapshot has version ${version}, and this release reads ${SNAPSHOT_VERSION}: restore it with the release that saved it`,
      { version, reads: SNAPSHOT_VERSION },
    )
  }
  const end = HEADER + view.getUint32(12, true)
  if (end > file.length) throw damaged('it ends inside its table of sections', file.length)
  const table = file.subarray(HEADER, end)
  if (crc32(table) !== view.getUint32(16, true))
    throw damaged('its table of sections does not match its checksum', HEADER)
  return readSections(file, table, end)
}

/** What finds the sections of a file by name. @throws HostbridgeError as {@link unpackSections}; for one that lacks as it is asked for. */
export function sectionsOf(file: Uint8Array): (name: string) => Uint8Array {
  const sections = new Map(unpackSections(file).map(({ name, bytes }) => [name, bytes]))
  return (name) => {
    const bytes = sections.get(name)
    if (bytes === undefined) throw damaged(`it lacks section '${name}'`, file.length)
    return bytes
  }
}

function readSections(file: Uint8Array, table: Uint8Array, first: number): Section[] {
  const rows = new DataView(table.buffer, table.byteOffset, table.byteLength)
  const sections: Section[] = []
  let at = first
  for (let entry = 0; entry < table.length; ) {
    const nameLength = entry + ROW > table.length ? Number.POSITIVE_INFINITY : rows.getUint32(entry, true)
    if (entry + ROW + nameLength > table.length)
      throw damaged('its table of sections ends inside a row', HEADER + entry)
    const name = strFromU8(table.subarray(entry + 4, entry + 4 + nameLength))
    entry += 4 + nameLength
    const raw = rows.getUint32(entry, true)
    const length = rows.getUint32(entry + 4, true)
    const stored = file.subarray(at, at + length)
    if (stored.length < length) throw damaged(`it ends inside section '${name}'`, file.length)
    if (crc32(stored) !== rows.getUint32(entry + 8, true)) {
      throw damaged(`section '${name}' does not match its checksum`, at)
    }
    sections.push({ name, bytes: raw === length ? stored : inflated(name, stored, raw, at) })
    entry += 12
    at += length
  }
  if (at !== file.length) throw damaged('it goes on behind its last section', at)
  return sections
}

/** @param at - The byte of the file. */
export function damaged(why: string, at: number): HostbridgeError {
  return new HostbridgeError('snapshot.damaged', `the snapshot is damaged at byte ${at}: ${why}; take it anew`, {
    at,
    why,
  })
}

/** `at` is where the file has it. */
function inflated(name: string, stored: Uint8Array, raw: number, at: number): Uint8Array {
  if (raw <= stored.length * MOST_DEFLATED) {
    try {
      // With room for one more, so that what is longer shows.
      const bytes = inflateSync(stored, { out: new Uint8Array(raw + 1) })
      if (bytes.length === raw) return bytes
    } catch {
      // Said below.
    }
  }
  throw damaged(`section '${name}' does not hold the ${raw} bytes that it is to hold`, at)
}

function compressed(bytes: Uint8Array): Uint8Array {
  const smaller = deflateSync(bytes, { level: FAST })
  return smaller.length < bytes.length ? smaller : bytes
}

function row(name: string, raw: number, stored: Uint8Array): Uint8Array {
  const text = strToU8(name)
  const bytes = new Uint8Array(text.length + ROW)
  const view = new DataView(bytes.buffer)
  view.setUint32(0, text.length, true)
  bytes.set(text, 4)
  view.setUint32(text.length + 4, raw, true)
  view.setUint32(text.length + 8, stored.length, true)
  view.setUint32(text.length + 12, crc32(stored), true)
  return bytes
}

function join(parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const whole = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0))
  let at = 0
  for (const part of parts) {
    whole.set(part, at)
    at += part.length
  }
  return whole
}
