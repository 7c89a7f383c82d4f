// The traffic engine is this project's own device: this file is its manual.

/** PCI ids of the device: a vendor that does not exist, base class 8, sub class 1, a DMA controller. */
export const TRAFFIC_IDENTITY = { vendor: 0x1234, device: 0x7af1, classCode: 0x08_0100, interruptPin: 1 } as const

/** Bytes of BAR 0. */
export const TRAFFIC_BAR_SIZE = 0x1000n

/**
 * Registers of 32 bits, little-endian; a pair is the lower and the upper half of 64 bits. What describes a job is kept, and taken when the job
 * starts; the others are read-only unless told.
 */
export const Traffic = {
  /** Reads as {@link TRAFFIC_IDENTIFICATION}. */
  identification: 0x00,
  /** See {@link TrafficControl}; reads as the bits that are kept. */
  control: 0x04,
  /** See {@link TrafficStatus}. */
  status: 0x08,
  /** See {@link TrafficInterrupt}; a bit that is written as 1 is cleared. */
  interruptStatus: 0x0c,

  /** See {@link TRAFFIC_PATTERNS}. */
  pattern: 0x10,
  requestBytes: 0x14,
  base: 0x18,
  length: 0x20,
  requests: 0x28,
  outstanding: 0x2c,
  /** A second of virtual time; 0 is as fast as there is room. */
  rate: 0x30,
  /** 0: the rate counts requests, 1: bytes. */
  rateUnit: 0x38,
  readPercent: 0x3c,
  seed: 0x40,
  /** Where the list of a scatter-gather job lies in guest memory. */
  list: 0x48,
  /** Places in it, of 16 bytes: an address of 8, a length of 4, 4 that count for nothing; little-endian. */
  listEntries: 0x50,

  started: 0x80,
  completed: 0x84,
  failed: 0x88,
  bytesRead: 0x90,
  bytesWritten: 0x98,
  /** Where the last request that failed began. */
  faultAddress: 0xa0,
  /** Written: which of 1000 requests {@link Traffic.latency} tells of, by the time they took. */
  permille: 0xa8,
  /** Ticks. */
  latency: 0xb0,
} as const

export const TRAFFIC_IDENTIFICATION = 0x7472_6601

/** Start and stop do what they say and read 0; the others are kept. */
export const TrafficControl = {
  start: 0x1,
  stop: 0x2,
  stopOnFault: 0x4,
  interruptWhenDone: 0x8,
  interruptOnFault: 0x10,
} as const

/** One of the first four is set once a job has been started; `badJob` says that the last start was refused. */
export const TrafficStatus = { running: 0x1, done: 0x2, stopped: 0x4, faulted: 0x8, badJob: 0x10 } as const

export const TrafficInterrupt = { done: 0x1, fault: 0x2 } as const

export const TRAFFIC_PATTERNS = ['sequential', 'random', 'scatter-gather'] as const

/** What bounds the cost of anything that a guest asks for. */
export const TRAFFIC_LIMITS = {
  /** Of a request that is no list. */
  requestBytes: 0x1_0000,
  /** Of a job. */
  requests: 0x100_0000,
  /** Of a list. */
  segments: 256,
  listBytes: 0x10_0000,
  /** Requests or bytes a second. */
  rate: 1_000_000_000_000,
} as const

/** Bytes of a place in a list. */
export const TRAFFIC_LIST_ENTRY = 16
