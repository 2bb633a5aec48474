import type { BeitOutput } from './beit/beit.js'
import type { BertOutput } from './bert/bert.js'
import type { BertInputs } from './bert/inputs.js'
import type { ImageEncoderOutput, TextEncoderOutput } from './clip/encoders.js'
import type { ContrastiveInputs, ContrastiveOutput } from './contrastive.js'
import type { DptOutput } from './dpt/dpt.js'
import type { Gpt2Inputs, Gpt2Output } from './gpt2/gpt2.js'
import type { ImageNetworkOutputs } from './image-network.js'
import type { MaeInputs, MaeOutput } from './mae/mae.js'
import type { MarianInputs } from './marian/inputs.js'
import type { MarianOutput } from './marian/marian.js'
import type { Model } from './model.js'
import type { SegformerOutput } from './segformer/segformer.js'
import type { SwinInputs, SwinOutput } from './swin/swin.js'
import type { TransformerInputs } from './transformer/inputs.js'
import type { TransformerOutput } from './transformer/transformer.js'
import type { VitInputs, VitOptions } from './vit/inputs.js'
import type { VitResult } from './vit/vit.js'

/**
 * A model whose family is not known to the type checker: run() accepts the inputs of all families. Inputs that the model
 * does not have are errors at run(); outputs that it does not have are undefined. `load<Vit>(...)` has the exact types of
 * a known family.
 */
export interface AnyModel extends Model {
  run(inputs: AnyInputs, options?: VitOptions): Promise<AnyOutputs>
}

export type AnyInputs = Partial<
  VitInputs &
    MaeInputs &
    BertInputs &
    MarianInputs &
    TransformerInputs &
    ContrastiveInputs &
    Gpt2Inputs &
    SwinInputs
>
export type AnyOutputs = Partial<
  VitResult &
    MaeOutput &
    ImageNetworkOutputs &
    BertOutput &
    MarianOutput &
    TransformerOutput &
    ContrastiveOutput &
    ImageEncoderOutput &
    TextEncoderOutput &
    Gpt2Output &
    SwinOutput &
    BeitOutput &
    SegformerOutput &
    DptOutput
>
