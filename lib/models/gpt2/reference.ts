import * as ops from '../../ops/index.js'
import { fromLibrary, reference, requestedStates, toLibrary } from '../reference.js'
import { generatingRun, isGeneratingRun } from '../reference-generation.js'
import { Gpt2, type Gpt2Inputs } from './gpt2.js'

/** The names of GPT2LMHeadModel and GPT2Model. Cases store 0 for the logits of padding, which mean nothing. */
export const gpt2Reference = reference(Gpt2, async (model, run) => {
  const inputs = fromLibrary<Gpt2Inputs>(run.inputs)
  if (isGeneratingRun(run)) return generatingRun(model, inputs, run)
  const { logits, ...states } = await model.run(inputs, requestedStates(run.outputs))
  const kept = inputs.attentionMask && ops.unsqueeze(ops.cast(inputs.attentionMask, 'float32'), 2)
  return toLibrary({ ...states, logits: logits && kept ? ops.mul(logits, kept) : logits })
})
