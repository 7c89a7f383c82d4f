/** Which clock a case is timed with: the CPU time of this thread, or, where other threads do the work, wall time. */
export type CaseClock = 'cpu' | 'wall'

/** Facts about a case beside its time: throughput, which kernel ran, a baseline measured in the same run. */
export type CaseFacts = Readonly<Record<string, string | number | boolean>>

/** One thing to measure, opened: its tables and queues exist until it is closed. */
export interface BenchCase {
  /** What the time is per: `event`, `translation`, `page`. */
  readonly unit: string
  /** How many of them one sample does. */
  readonly units: number
  readonly clock: CaseClock
  /** At least so many samples are taken. */
  readonly minSamples?: number
  /** Changes something before each sample, outside the measured time, so that no sample repeats the one before. */
  prepare?(): void | Promise<void>
  /** Does all the units of one sample. */
  run(): void | Promise<void>
  /** Checks the sample that was just taken, outside the measured time; throws where it did not do the work. */
  check?(): void
  /** What else to report, given the median and the least time of one unit in ns. */
  facts?(ns: number, min: number): CaseFacts
  close?(): void | Promise<void>
}

/** A family of cases that belong together. */
export interface Suite {
  readonly name: string
  /** The cases of a whole run, or of a short one that shows that everything works. */
  cases(quick: boolean): readonly string[]
  /** Opens a case by its name; `undefined` where the suite has none of that name. */
  open(name: string, quick?: boolean): BenchCase | undefined | Promise<BenchCase | undefined>
  /** Whether a case of a whole run is measured on a thread of its own. */
  isApart?(name: string): boolean
  /** Makes ready, on the thread that begins the others, what its cases share. */
  ready?(): Promise<unknown>
  /** What belongs beside the cases that were measured, such as a baseline; rows of their own in the report. */
  beside?(measured: readonly CaseReport[], quick: boolean, signal?: AbortSignal): Promise<readonly CaseReport[]>
}

/** One measured case, as the report has it. */
export interface CaseReport {
  readonly name: string
  /** Median time of one unit in ns; of a baseline that could not be built there is none. */
  readonly ns?: number
  readonly unit?: string
  readonly samples?: number
  /** Relative margin of error in percent. */
  readonly rme?: number
  /** The fastest and the slowest sample's time of one unit in ns. */
  readonly min?: number
  readonly max?: number
  readonly [fact: string]: string | number | boolean | undefined
}
