export { readGenerationConfig } from '../generation/config-file.js'
export {
  type GenerateCall,
  type GenerationResult,
  generate,
  generateTokens,
} from '../generation/generate.js'
export type { GenerationOptions } from '../generation/options.js'
export type { TokenEvent } from '../generation/sample.js'
export type { Stepper } from '../generation/stepper.js'
export { TextStream, type TextStreamOptions } from '../generation/text-stream.js'
export { loadTokenizer } from './load.js'
export {
  type BatchEncoding,
  type BatchOptions,
  type DecodeOptions,
  type EncodeOptions,
  type Encoding,
  Tokenizer,
} from './tokenizer.js'
