import { SaccadeError } from '../errors.js'
import { AlexNet } from './alexnet/alexnet.js'
import { alexNetReference } from './alexnet/reference.js'
import { Align } from './align/align.js'
import { alignReference } from './align/reference.js'
import { Beit } from './beit/beit.js'
import { beitReference } from './beit/reference.js'
import { Bert } from './bert/bert.js'
import { bertReference } from './bert/reference.js'
import { Clip } from './clip/clip.js'
import { ImageEncoder, TextEncoder } from './clip/encoders.js'
import { clipReference, imageEncoderReference, textEncoderReference } from './clip/reference.js'
import { ConvNet } from './convnet/convnet.js'
import { convNetReference } from './convnet/reference.js'
import { ConvNext } from './convnext/convnext.js'
import { convNextReference } from './convnext/reference.js'
import { Dpt } from './dpt/dpt.js'
import { dptReference } from './dpt/reference.js'
import { Gpt2 } from './gpt2/gpt2.js'
import { gpt2Reference } from './gpt2/reference.js'
import { Mae } from './mae/mae.js'
import { maeReference } from './mae/reference.js'
import { Marian } from './marian/marian.js'
import { marianReference } from './marian/reference.js'
import { Mixer } from './mixer/mixer.js'
import { mixerReference } from './mixer/reference.js'
import type { Model } from './model.js'
import type { NamedTensors, ReferenceRun } from './reference.js'
import { segformerReference } from './segformer/reference.js'
import { Segformer } from './segformer/segformer.js'
import { swinReference } from './swin/reference.js'
import { Swin } from './swin/swin.js'
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
  if (model instanceof ConvNet) return convNetReference(model, run)
  if (model instanceof Transformer) return transformerReference(model, run)
  if (model instanceof Marian) return marianReference(model, run)
  if (model instanceof Bert) return bertReference(model, run)
  if (model instanceof Clip) return clipReference(model, run)
  if (model instanceof Align) return alignReference(model, run)
  if (model instanceof AlexNet) return alexNetReference(model, run)
  if (model instanceof Mixer) return mixerReference(model, run)
  if (model instanceof TextEncoder) return textEncoderReference(model, run)
  if (model instanceof ImageEncoder) return imageEncoderReference(model, run)
  if (model instanceof Gpt2) return gpt2Reference(model, run)
  if (model instanceof Swin) return swinReference(model, run)
  if (model instanceof Beit) return beitReference(model, run)
  if (model instanceof Segformer) return segformerReference(model, run)
  if (model instanceof Dpt) return dptReference(model, run)
  throw new SaccadeError('INTERNAL', `no reference names for models of family ${model.info.architecture}`)
}
