import { type DevalueError, parse, stringify } from 'devalue'
import { strFromU8, strToU8 } from 'fflate'
import { HostbridgeError } from '../errors.ts'
import { damaged, type Section } from './sections.ts'

/** Structured data as devalue's text; views of shared memory become copies. */
const REDUCERS = {
  Shared: (value: unknown): unknown => {
    if (!ArrayBuffer.isView(value) || !(value.buffer instanceof SharedArrayBuffer)) return false
    return (value as Uint8Array).slice()
  },
}

const REVIVERS = { Shared: (value: unknown): unknown => value }

/** Structured data as a section. @throws HostbridgeError `snapshot.not-plain` with where in it lies what no file can hold. */
export function textSection(name: string, value: unknown): Section {
  try {
    return { name, bytes: strToU8(stringify(value, REDUCERS)) }
  } catch (cause) {
    const { path = '', message } = cause as Partial<DevalueError>
    throw new HostbridgeError(
      'snapshot.not-plain',
      `section '${name}' cannot be written: ${message}${path === '' ? '' : ` at ${path}`}; let save() return plain objects, arrays and numbers`,
      { section: name, path },
      { cause },
    )
  }
}

/** What {@link textSection} has made. @throws HostbridgeError `snapshot.damaged`. */
export function readText(name: string, bytes: Uint8Array): unknown {
  try {
    return parse(strFromU8(bytes), REVIVERS)
  } catch (cause) {
    throw damaged(`section '${name}' cannot be read (${String(cause)})`, 0)
  }
}
