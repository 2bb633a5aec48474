import type { Description, Layout } from '../family.js'
import { checkSpec } from '../vit/check-spec.js'
import { checkMaskRatio, type MaeNames, type MaeSpec } from './spec.js'

/** Description of one masked autoencoder. */
export interface MaeDescription extends Description {
  readonly spec: MaeSpec
  readonly names: MaeNames
}

export type MaeLayout = Layout<MaeDescription>

/** Checks a spec, and adds tasks and image size. @throws CONFIG_INVALID, LIMIT_EXCEEDED naming the file */
export function describeMae(
  file: string,
  description: Omit<MaeDescription, 'tasks' | 'imageSize'>,
): MaeDescription {
  const { encoder, decoder, maskRatio } = description.spec
  checkSpec(encoder, file)
  if (decoder) checkSpec(decoder.layers, `${file}: decoder`)
  checkMaskRatio(maskRatio, `${file}: mask_ratio`, 'CONFIG_INVALID')
  return {
    ...description,
    tasks: ['image-feature-extraction'],
    imageSize: [encoder.channels, ...encoder.image],
  }
}
