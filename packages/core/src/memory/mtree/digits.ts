/** 16 hexadecimal digits, as maps are written; a region that reaches past the space, or begins before it, has one more or a sign. */
export function digits(address: bigint): string {
  return address < 0n ? `-${(-address).toString(16).padStart(15, '0')}` : address.toString(16).padStart(16, '0')
}

/** First and last address of `size` bytes: `0000000000001000-0000000000001fff`. */
export function digitsOf(start: bigint, size: bigint): string {
  return `${digits(start)}-${digits(start + size - 1n)}`
}
