import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'

/** How a run of the command ended. */
export interface CommandRun {
  readonly status: number | null
  readonly stdout: string
  readonly stderr: string
}

export interface CommandOptions {
  /** Where it runs; the repository's root unless told. */
  readonly cwd?: string
  /** A module's source that runs in the process before the command does. */
  readonly preload?: string
}

/** The repository's root: where relative paths of a command begin. */
export const ROOT: string = fileURLToPath(new URL('../../..', import.meta.url))

export const MAIN: string = fileURLToPath(new URL('../src/main.ts', import.meta.url))

/** Runs `hostbridge` in a process of its own, as a user does. */
export function command(...argv: string[]): CommandRun {
  return commandWith({}, ...argv)
}

export function commandWith({ cwd = ROOT, preload }: CommandOptions, ...argv: string[]): CommandRun {
  const flags = preload === undefined ? [] : ['--import', `data:text/javascript,${encodeURIComponent(preload)}`]
  const { status, stdout, stderr } = spawnSync(process.execPath, [...flags, MAIN, ...argv], { cwd, encoding: 'utf8' })
  return { status, stdout, stderr }
}
