import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { generate, type ToyCall, ToyStepper } from './toy-stepper.js'

async function codeOf(run: () => Promise<unknown>): Promise<[string, string]> {
  try {
    await run()
  } catch (error) {
    return [(error as { code: string }).code, (error as Error).message]
  }
  throw new Error('expected an error')
}

const stepper = () => new ToyStepper(9, 1, [1])

test('wrong options are refused by name before the model runs', async () => {
  const wrong: [Record<string, unknown>, string, RegExp][] = [
    [{ max_length: 5 }, 'OPTION_UNKNOWN', /'max_length'/],
    [{ maxLength: 0 }, 'OPTION_INVALID', /maxLength.*got 0/],
    [{ maxLength: 1 }, 'OPTION_INVALID', /maxLength.*prompt/],
    [{ maxLength: '9' }, 'OPTION_INVALID', /maxLength.*'9'/],
    [{ numBeams: 1.5 }, 'OPTION_INVALID', /numBeams/],
    [{ numBeams: 2, numReturnSequences: 3 }, 'OPTION_INVALID', /numReturnSequences.*numBeams/],
    [{ numReturnSequences: 2 }, 'OPTION_INVALID', /numReturnSequences.*greedy/],
    [{ earlyStopping: 'always' }, 'OPTION_INVALID', /earlyStopping/],
    [{ badWordsIds: [[]] }, 'OPTION_INVALID', /badWordsIds/],
    [{ badWordsIds: [1] }, 'OPTION_INVALID', /badWordsIds/],
    [{ badWordsIds: [[9]] }, 'TOKEN_OUT_OF_RANGE', /badWordsIds.*9/],
    [{ forcedEosTokenId: 12 }, 'TOKEN_OUT_OF_RANGE', /forcedEosTokenId.*12/],
    [{ decoderStartTokenId: 9 }, 'TOKEN_OUT_OF_RANGE', /decoderStartTokenId/],
    [{ temperature: 0, doSample: true }, 'OPTION_INVALID', /temperature.*doSample/],
    [{ temperature: -1 }, 'OPTION_INVALID', /temperature/],
    [{ typicalP: 0 }, 'OPTION_INVALID', /typicalP/],
    [{ epsilonCutoff: 1 }, 'OPTION_INVALID', /epsilonCutoff/],
    [{ etaCutoff: -0.1 }, 'OPTION_INVALID', /etaCutoff/],
    [{ topH: 1.5 }, 'OPTION_INVALID', /topH/],
    [{ sequenceBias: [[[], 1]] }, 'OPTION_INVALID', /sequenceBias/],
    [{ sequenceBias: [[[3], '1']] }, 'OPTION_INVALID', /sequenceBias/],
    [{ sequenceBias: [[[1, 9], 1]] }, 'TOKEN_OUT_OF_RANGE', /sequenceBias.*9/],
    [{ exponentialDecayLengthPenalty: [3] }, 'OPTION_INVALID', /exponentialDecayLengthPenalty/],
    [{ exponentialDecayLengthPenalty: [1.5, 2] }, 'OPTION_INVALID', /exponentialDecayLengthPenalty/],
    [{ encoderNoRepeatNgramSize: 2 }, 'OPTION_INVALID', /encoderNoRepeatNgramSize.*text/],
    [{ encoderRepetitionPenalty: 2 }, 'OPTION_INVALID', /encoderRepetitionPenalty.*text/],
    [{ topP: 1.1 }, 'OPTION_INVALID', /topP/],
    [
      { numBeams: 65536 },
      'LIMIT_EXCEEDED',
      /numBeams: expected at most 128 \(limit 'beams', see setLimits\), got 65536/,
    ],
    [{ numReturnSequences: 1e12, doSample: true }, 'LIMIT_EXCEEDED', /numReturnSequences.*1024/],
    [{ badWordsIds: new Array(10_001).fill([1]) }, 'LIMIT_EXCEEDED', /badWordsIds.*wordLists/],
    [{ sequenceBias: new Array(10_001).fill([[1], 1]) }, 'LIMIT_EXCEEDED', /sequenceBias.*wordLists/],
    [{ suppressTokens: new Array(100_001).fill(1) }, 'LIMIT_EXCEEDED', /suppressTokens.*tokenLists/],
    [{ eosTokenId: new Array(65).fill(1) }, 'LIMIT_EXCEEDED', /eosTokenId.*endTokens/],
    [{ topK: -1 }, 'OPTION_INVALID', /topK/],
    [{ repetitionPenalty: Number.NaN }, 'OPTION_INVALID', /repetitionPenalty/],
    [{ eosTokenId: -1 }, 'OPTION_INVALID', /eosTokenId/],
    [{ prompts: [] }, 'EMPTY_BATCH', /prompts/],
    [{ prompts: [[1], []] }, 'OPTION_INVALID', /prompts/],
    [{ prompts: [[1], [9]] }, 'TOKEN_OUT_OF_RANGE', /prompts.*9/],
  ]
  for (const [options, code, message] of wrong) {
    const model = stepper()
    const found = await codeOf(() => generate(model, { decoderStartTokenId: 8, ...options } as ToyCall))
    assert.is(found[0], code, found[1])
    assert.match(found[1], message)
    assert.is(model.steps, 0)
  }
  assert.is((await codeOf(() => generate(stepper(), {})))[0], 'OPTION_INVALID')
})

test('lengths: new tokens before the whole length, twenty by default', async () => {
  const lengthOf = async (options: ToyCall) =>
    (await generate(stepper(), { prompts: [[1, 2]], ...options })).sequences[0]!.length
  assert.is(await lengthOf({}), 22)
  assert.is(await lengthOf({ maxLength: 7 }), 7)
  assert.is(await lengthOf({ maxNewTokens: 7 }), 9)
  assert.is(await lengthOf({ maxLength: 30, maxNewTokens: 3 }), 5)
  assert.is(await lengthOf({ positions: 12 }), 12)
  assert.is(await lengthOf({ positions: 100 }), 22)
})

test.run()
