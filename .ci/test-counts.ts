import { readFileSync } from 'node:fs'

// Prints "N passed, N failed" from vitest's JSON report, as the last line of a run.
const file = process.argv[2] ?? 'build/tests.json'
const report = JSON.parse(readFileSync(file, 'utf8')) as {
  numPassedTests: number
  numFailedTests: number
  numFailedTestSuites: number
}
// A file that fails to load has no tests of its own: it counts as one failure.
const failed = Math.max(report.numFailedTests, report.numFailedTestSuites > 0 ? 1 : 0)
console.log(`${report.numPassedTests} passed, ${failed} failed`)
