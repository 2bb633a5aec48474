import type { BertOutput } from './bert/bert.js'
import type { BertInputs } from './bert/encoder.js'
import type { ContrastiveInputs, ContrastiveOutput } from './contrastive.js'
import type { ConvNextOutputs } from './convnext/convnext.js'
import type { Gpt2Inputs, Gpt2Output } from './gpt2/gpt2.js'
import type { MarianInputs } from './marian/inputs.js'
import type { MarianOutput } from './marian/marian.js'
import type { Model } from './model.js'
import type { TransformerInputs } from './transformer/inputs.js'
import type { TransformerOutput } from './transformer/transformer.js'
import type { VitInputs, VitOptions } from './vit/inputs.js'
import type { VitResult } from './vit/vit.js'

/**
 * A model whose family only its config knows: run() takes what models take and gives what they give. Inputs that this
 * one has no use for are errors when it runs; outputs that it does not give are undefined.
 * Where the family is known, `load<Vit>(...)` has the exact types.
 */
export interface AnyModel extends Model {
  run(inputs: AnyInputs, options?: VitOptions): Promise<AnyOutputs>
}

export type AnyInputs = Partial<
  VitInputs & BertInputs & MarianInputs & TransformerInputs & ContrastiveInputs & Gpt2Inputs
>
export type AnyOutputs = Partial<
  VitResult & ConvNextOutputs & BertOutput & MarianOutput & TransformerOutput & ContrastiveOutput & Gpt2Output
>
