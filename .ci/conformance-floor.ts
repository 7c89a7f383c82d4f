import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'

// Runs every recorded scenario file and fails unless it passes just as many steps as the floor says: where more pass, the
// floor is raised in the same change, so that it can only rise.
const floors = JSON.parse(readFileSync(new URL('conformance-floor.json', import.meta.url), 'utf8')) as Record<
  string,
  { kind: string; passed: number }
>
let isOff = false
for (const [file, floor] of Object.entries(floors)) {
  const { passed, steps } = conformance(floor.kind, file)
  const verdict = passed < floor.passed ? 'FELL' : passed > floor.passed ? 'ROSE, raise the floor' : 'holds'
  console.log(`${file}: ${passed} of ${steps} steps pass, floor ${floor.passed}: ${verdict}`)
  isOff ||= passed !== floor.passed
}
process.exitCode = isOff ? 1 : 0

/** The command exits with 1 where a step fails; the counts decide here. */
function conformance(kind: string, file: string): { passed: number; steps: number } {
  try {
    return JSON.parse(command(kind, file))
  } catch (error) {
    const output = (error as { stdout?: string }).stdout
    if (output === undefined || output === '') throw error
    return JSON.parse(output)
  }
}

function command(kind: string, file: string): string {
  const main = new URL('../packages/cli/src/main.ts', import.meta.url).pathname
  return execFileSync(process.execPath, [main, 'conformance', kind, file, '--json'], {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'inherit'],
  })
}
