import { readGzipText } from '@hostbridge/bench'
import { HostbridgeError } from '@hostbridge/core'

/** One scenario of a recording, as JSON. */
export interface RecordedLine {
  /** Counted from 1. */
  readonly line: number
  readonly value: unknown
}

/**
 * Reads a `.jsonl.gz` line by line.
 *
 * @throws HostbridgeError `recording.damaged` with file and line where a line is no JSON, or the compressed stream is broken;
 *   `input.unreadable` where the file cannot be read.
 */
export async function* readRecording(file: string): AsyncGenerator<RecordedLine, void, undefined> {
  let line = 1
  let rest = ''
  const broken = (cause: Error): HostbridgeError =>
    damagedRecording(file, line, `the compressed stream is broken (${cause.message})`, cause)
  for await (const text of readGzipText(file, { encoding: 'utf8', broken })) {
    const lines = (rest + text).split('\n')
    rest = lines.pop() ?? ''
    for (const complete of lines) yield parse(file, line++, complete)
  }
  if (rest !== '') yield parse(file, line, rest)
  else if (line === 1) throw damagedRecording(file, line, 'the recording is empty')
}

/** The error for a line that cannot be what was recorded. */
export function damagedRecording(file: string, line: number, what: string, cause?: unknown): HostbridgeError {
  return new HostbridgeError('recording.damaged', `${file}, line ${line}: ${what}`, { file, line, what }, { cause })
}

function parse(file: string, line: number, text: string): RecordedLine {
  try {
    return { line, value: JSON.parse(text) }
  } catch (cause) {
    throw damagedRecording(file, line, `no JSON: ${(cause as Error).message}`, cause)
  }
}
