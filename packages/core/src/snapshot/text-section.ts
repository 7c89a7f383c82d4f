import { parse, stringify } from 'devalue'
import { strFromU8, strToU8 } from 'fflate'
import { damaged, type Section } from './sections.ts'

/** Structured data as devalue's text; views of shared memory become copies. */
const REDUCERS = {
  Shared: (value: unknown): unknown => {
    if (!ArrayBuffer.isView(value) || !(value.buffer instanceof SharedArrayBuffer)) return false
    return (value as Uint8Array).slice()
  },
}

const REVIVERS = { Shared: (value: unknown): unknown => value }

/** Structured data as a section. */
export function textSection(name: string, value: unknown): Section {
  return { name, bytes: strToU8(stringify(value, REDUCERS)) }
}

/** What {@link textSection} has made. @throws HostbridgeError `snapshot.damaged`. */
export function readText(name: string, bytes: Uint8Array): unknown {
  try {
    return parse(strFromU8(bytes), REVIVERS)
  } catch (cause) {
    throw damaged(`section '${name}' cannot be read (${String(cause)})`, 0)
  }
}
