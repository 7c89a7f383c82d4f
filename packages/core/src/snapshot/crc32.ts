/** CRC-32 as in IEEE 802.3 and zip files, reflected: it tells every damage of up to 32 neighbouring bits. */
export function crc32(bytes: Uint8Array): number {
  let crc = -1
  for (let index = 0; index < bytes.length; index++) {
    crc = (TABLE[(crc ^ (bytes[index] as number)) & 0xff] as number) ^ (crc >>> 8)
  }
  return ~crc >>> 0
}

const POLYNOMIAL = 0xedb88320

const TABLE = Int32Array.from({ length: 256 }, (_, index) => {
  let entry = index
  for (let bit = 0; bit < 8; bit++) entry = entry & 1 ? (entry >>> 1) ^ POLYNOMIAL : entry >>> 1
  return entry
})
