/** Virtual time counts ticks of 1 ns; units to multiply with: `5n * ms`. */
export const ns = 1n
export const us = 1_000n
export const ms = 1_000_000n
export const s = 1_000_000_000n
