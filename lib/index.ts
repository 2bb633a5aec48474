/**
 * saccade: Transformers, vision Transformers and ConvNets for Node, on native kernels of its own.
 * Everything public is exported here.
 * @module
 */
export * as attention from './attention/index.js'
export { errorCodes, SaccadeError, type SaccadeErrorCode } from './errors.js'
export type { GenerationResult } from './generation/generate.js'
export type { TokenEvent } from './generation/listen.js'
export type { GenerationOptions, GivenOptions } from './generation/options.js'
export type { GenerationStep } from './generation/search.js'
export { BaseStreamer, TextStreamer, type TextStreamerOptions } from './generation/streamer.js'
export type { DataOf, DType } from './graph/dtype.js'
export type { Shape } from './graph/shape.js'
export type { DecodeOptions } from './image/decode.js'
export { ImageProcessor } from './image/process.js'
export { decodeImage, type ImageInput, RawImage, type ResizeOptions } from './image/raw-image.js'
export { getLimits, type LimitName, type Limits, setLimits } from './limits.js'
export type { AnyInputs, AnyModel, AnyOutputs } from './models/any.js'
export { Bert } from './models/bert/bert.js'
export { Clip } from './models/clip/clip.js'
export type { ContrastiveInputs, ContrastiveOutput } from './models/contrastive.js'
export { ConvNext } from './models/convnext/convnext.js'
export { type GenerateOptions, GenerativeModel, type StreamOptions } from './models/generative.js'
export { Gpt2, type Gpt2Inputs, type Gpt2Output } from './models/gpt2/gpt2.js'
export { type LoadOptions, load } from './models/load.js'
export { Marian } from './models/marian/marian.js'
export { Model, type ModelInfo } from './models/model.js'
export type { StatesOptions } from './models/run-options.js'
export { Transformer } from './models/transformer/transformer.js'
export { Vit } from './models/vit/vit.js'
export * as ops from './ops/index.js'
export { env } from './pipelines/env.js'
export { type Pipeline, type PipelineOptions, pipeline, type Task, tasks } from './pipelines/pipeline.js'
export { cos_sim, TensorOutput } from './pipelines/tensor-output.js'
export type { RunOptions } from './runtime/run-options.js'
export type { Device, DTypeName, Session, SessionOptions } from './runtime/session.js'
export type { TensorData } from './tensor/data.js'
export { evaluate } from './tensor/evaluate.js'
export { Tensor } from './tensor/tensor.js'
export { loadTokenizer } from './text/index.js'
export type { TokenizerOverrides } from './text/settings.js'
export {
  type BatchEncoding,
  type BatchOptions,
  type DecodeOptions as TokenizerDecodeOptions,
  type EncodeOptions,
  type Encoding,
  type PadOptions,
  Tokenizer,
} from './text/tokenizer.js'
