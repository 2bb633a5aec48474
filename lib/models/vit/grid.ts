// Counts that follow from a spec: patches of images, and tokens before them.
import type { AcceptedSizes, EmbeddingSpec, PrefixTokens, Size } from './spec.js'

/** Number of whole patches in an image, by rows and columns. */
export function gridOf([height, width]: Size, patch: Size): Size {
  return [Math.floor(height / patch[0]), Math.floor(width / patch[1])]
}

/** Number of patches that an image becomes, by rows and columns. */
export function patchGrid({ accepts, patch }: EmbeddingSpec, [height, width]: Size): Size {
  const round = accepts === 'padded' ? Math.ceil : Math.floor
  return [round(height / patch[0]), round(width / patch[1])]
}

/** Whether images of another size need the option interpolatePositions. */
export function isOnRequest(accepts: AcceptedSizes): boolean {
  return accepts === 'on-request' || accepts === 'squares-on-request'
}

/** Number of tokens before those of the patches. */
export function prefixLength({ class: classToken, distillation, registers }: PrefixTokens): number {
  return Number(classToken) + Number(distillation) + registers
}

/** Number of prefix tokens that have a position embedding. */
export function positionedPrefix({ prefix, positions }: EmbeddingSpec): number {
  switch (positions?.covers) {
    case 'all':
      return prefixLength(prefix)
    case 'all-but-registers':
      return prefixLength({ ...prefix, registers: 0 })
    default:
      return 0
  }
}
