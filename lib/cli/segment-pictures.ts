import { RawImage } from '../image/raw-image.js'
import type { Segment } from '../pipelines/image-segmentation.js'

type Color = readonly [red: number, green: number, blue: number]

/** A segment with its color in an overlay. */
export interface ColoredSegment extends Pick<Segment, 'label' | 'mask'> {
  readonly color: Color
}

/** Degrees between the hues of neighbouring classes: those of any number of classes are far from each other. */
const goldenAngle = 137.508

/** The color of a class, the same in all pictures: hues around the circle, in three brightnesses. */
export function colorOf(index: number): Color {
  const hue = ((index + 1) * goldenAngle) % 360
  const value = [255, 200, 145][Math.floor(index / 12) % 3]!
  // Red, green and blue are two, zero and four sixths of the circle further on in a ramp of the hue.
  const ramp = (offset: number) => {
    const sixth = (offset + hue / 60) % 6
    return Math.round(value * (1 - 0.85 * Math.max(0, Math.min(sixth, 4 - sixth, 1))))
  }
  return [ramp(5), ramp(3), ramp(1)]
}

/** The image, each segment half covered by its color. */
export function drawOverlay(image: RawImage, segments: readonly ColoredSegment[]): RawImage {
  const data = image.data.slice()
  for (const { mask, color } of segments)
    for (let pixel = 0; pixel < mask.data.length; pixel++)
      if (mask.data[pixel]! > 0)
        for (let channel = 0; channel < 3; channel++) {
          const at = 3 * pixel + channel
          data[at] = (data[at]! + color[channel]!) >> 1
        }
  return new RawImage(data, image.width, image.height, 3)
}

/** Gray: the index of the segment of each pixel. */
export function drawLevels(image: RawImage, segments: readonly ColoredSegment[]): RawImage {
  const data = new Uint8Array(image.width * image.height)
  for (const [index, { mask }] of segments.entries())
    for (let pixel = 0; pixel < mask.data.length; pixel++) if (mask.data[pixel]! > 0) data[pixel] = index
  return new RawImage(data, image.width, image.height, 1)
}
