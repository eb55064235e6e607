/** WGS 84 degrees. */
export type Point = { latitude: number; longitude: number }

/** Mean radius of the earth, IUGG. */
const earthRadiusM = 6_371_008.8
/** Ways in a street grid are on average 4/π ≈ 1.27 times as long as the crow flies; a little more for one-way streets. */
const detour = 1.3
const radians = (degrees: number): number => (degrees * Math.PI) / 180

/** Great-circle metres (haversine). */
export function straightMeters(a: Point, b: Point): number {
  const [dLatitude, dLongitude] = [radians(b.latitude - a.latitude), radians(b.longitude - a.longitude)]
  const h = Math.sin(dLatitude / 2) ** 2 + Math.cos(radians(a.latitude)) * Math.cos(radians(b.latitude)) * Math.sin(dLongitude / 2) ** 2
  return 2 * earthRadiusM * Math.asin(Math.sqrt(Math.min(1, h)))
}

/** An estimate of the way by road, in whole metres. */
export const roadMeters = (a: Point, b: Point): number => Math.round(straightMeters(a, b) * detour)

/** Encoded polyline, precision 5 (Google's algorithm). */
export function encodePolyline(points: readonly Point[]): string {
  let text = ''
  let [lastLatitude, lastLongitude] = [0, 0]
  for (const { latitude, longitude } of points) {
    const [lat, lng] = [Math.round(latitude * 1e5), Math.round(longitude * 1e5)]
    text += encodeNumber(lat - lastLatitude) + encodeNumber(lng - lastLongitude)
    ;[lastLatitude, lastLongitude] = [lat, lng]
  }
  return text
}

function encodeNumber(value: number): string {
  let rest = value < 0 ? ~(value << 1) : value << 1
  let text = ''
  while (rest >= 0x20) {
    text += String.fromCharCode((0x20 | (rest & 0x1f)) + 63)
    rest >>= 5
  }
  return text + String.fromCharCode(rest + 63)
}
