import type { CaseReport } from '@hostbridge/bench'
import type { Output } from './output.ts'

/** How facts read that are worth more than their key and value; the key is that of the JSON. */
const SHOWN: Readonly<Record<string, (value: number, report: CaseReport) => string>> = {
  pagesPerSecond: (value) => `${rounded(value / 1e6)} M pages/s`,
  eventsPerSecond: (value) => `${rounded(value / 1e6)} M events/s`,
  tableGBps: (value) => `${rounded(value)} GB/s of table`,
  readNs: (value) => `reading alone ${rounded(value)} ns`,
  runs: (value) => `${value} runs`,
  mappings: (value) => `${value} mappings`,
  splitNs: (value) => `splitting the address alone ${rounded(value)} ns`,
  heapKiB: (value) => `heap grows by ${value} KiB`,
  systemcNs: (value) => `SystemC takes ${rounded(value)} ns`,
  ratio: (value, { systemcNs }) =>
    systemcNs === undefined ? `${rounded(value)} times a plain copy` : `${rounded(value)} times as long`,
  copyNs: (value) => `which takes ${rounded(value)} ns`,
  milliseconds: (value) => `${rounded(value)} ms`,
}

/** Prints measured cases, a row each: median, spread, and what else was found out. */
export function printCases(output: Output, cases: readonly CaseReport[]): void {
  output.table(['case', 'median ns', 'per', 'min', 'max', 'samples', 'facts'], cases.map(row))
}

function row(report: CaseReport): string[] {
  const { name, ns, unit, samples, min, max, rme: _, ...facts } = report
  const shown = Object.entries(facts).map(([key, value]) => fact(key, value, report))
  return [name, figure(ns), unit ?? '', figure(min), figure(max), figure(samples), shown.join(', ')]
}

function fact(key: string, value: CaseReport[string], report: CaseReport): string {
  const show = typeof value === 'number' ? SHOWN[key] : undefined
  return show === undefined || typeof value !== 'number' ? `${key}: ${figure(value)}` : show(value, report)
}

/** Three digits, and never an exponent. */
function rounded(value: number): string {
  return String(Number(value.toPrecision(3)))
}

function figure(value: CaseReport[string]): string {
  if (typeof value !== 'number' || Number.isInteger(value)) return value === undefined ? '' : String(value)
  return value.toPrecision(3)
}
