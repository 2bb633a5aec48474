import { SaccadeError } from '../errors.js'
import { Bert } from './bert/bert.js'
import { bertReference } from './bert/reference.js'
import { Clip } from './clip/clip.js'
import { clipReference } from './clip/reference.js'
import { ConvNext } from './convnext/convnext.js'
import { convNextReference } from './convnext/reference.js'
import { Gpt2 } from './gpt2/gpt2.js'
import { gpt2Reference } from './gpt2/reference.js'
import { Mae } from './mae/mae.js'
import { maeReference } from './mae/reference.js'
import { Marian } from './marian/marian.js'
import { marianReference } from './marian/reference.js'
import type { Model } from './model.js'
import type { NamedTensors, ReferenceRun } from './reference.js'
import { transformerReference } from './transformer/reference.js'
import { Transformer } from './transformer/transformer.js'
import { vitReference } from './vit/reference.js'
import { Vit } from './vit/vit.js'

/**
 * Runs a model on a stored case under the argument and output names of the library that published its layout.
 * Results may be lazy; outputs that the model does not have are left out.
 */
export async function runReference(model: Model, run: ReferenceRun): Promise<NamedTensors> {
  if (model instanceof Vit) return vitReference(model, run)
  if (model instanceof Mae) return maeReference(model, run)
  if (model instanceof ConvNext) return convNextReference(model, run)
  if (model instanceof Transformer) return transformerReference(model, run)
  if (model instanceof Marian) return marianReference(model, run)
  if (model instanceof Bert) return bertReference(model, run)
  if (model instanceof Clip) return clipReference(model, run)
  if (model instanceof Gpt2) return gpt2Reference(model, run)
  throw new SaccadeError('INTERNAL', `no reference names for models of family ${model.info.architecture}`)
}
