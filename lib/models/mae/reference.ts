import * as ops from '../../ops/index.js'
import { fromLibrary, reference, requestedStates, toLibrary } from '../reference.js'
import { configKind } from '../registry.js'
import { gridOf } from '../vit/grid.js'
import { Mae } from './mae.js'
import { untouchedPositions } from './modules.js'
import { unpatchify } from './patches.js'

/** The names of ViTMAEForPreTraining, and of MaskedAutoencoderViT's forward_encoder and forward_decoder. */
export const maeReference = reference(Mae, async (model, { inputs, call, outputs }) => {
  const { library } = configKind(model.config)
  const result = await model.run(fromLibrary(inputs), {
    ...requestedStates(outputs),
    interpolatePositions: call.interpolate_pos_encoding === true,
    maskRatio: typeof call.mask_ratio === 'number' ? call.mask_ratio : undefined,
  })
  const { logits, lastHiddenState } = result
  const { patch, image, width: hidden } = model.spec.encoder
  const [, , height, width] = inputs.pixel_values!.shape as readonly [number, number, number, number]
  const reconstruction = logits && unpatchify(logits, gridOf([height, width], patch), patch)
  const authors = library === 'transformers' ? {} : { pred: logits, latent: lastHiddenState }
  const sincosPositionTable = ops.select(untouchedPositions(gridOf(image, patch), hidden), 0, 0)
  return toLibrary({ ...result, ...authors, reconstruction, sincosPositionTable })
})
