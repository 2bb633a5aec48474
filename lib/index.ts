/**
 * saccade: Transformers, vision Transformers and ConvNets for Node, on native kernels of its own.
 * Everything public is exported here.
 * @module
 */
export * as attention from './attention/index.js'
export type { SnakeCase } from './case.js'
export { errorCodes, SaccadeError, type SaccadeErrorCode } from './errors.js'
export type { HubOptions, ProgressCallback, ProgressInfo } from './files/hub.js'
export type { GenerationResult } from './generation/generate.js'
export type { TokenEvent, TokenListeners } from './generation/listen.js'
export type { GenerationOptions, GivenOptions } from './generation/options.js'
export type { GenerationRun } from './generation/run.js'
export type { GenerationStep } from './generation/search.js'
export { BaseStreamer, TextStreamer, type TextStreamerOptions } from './generation/streamer.js'
export type { DataOf, DType } from './graph/dtype.js'
export type { FilterKind, Precision } from './graph/kinds.js'
export type { Shape } from './graph/shape.js'
export type { DecodeOptions } from './image/decode.js'
export type { Pixels } from './image/pixels.js'
export { ImageProcessor, type ProcessedImages } from './image/process.js'
export { decodeImage, type ImageInput, RawImage, type ResizeOptions } from './image/raw-image.js'
export type { ImageSource } from './image/source.js'
export { getLimits, type LimitName, type Limits, setLimits } from './limits.js'
export { AlexNet, type AlexNetTrace } from './models/alexnet/alexnet.js'
export { Align, type AlignInputs } from './models/align/align.js'
export type { AnyInputs, AnyModel, AnyOutputs } from './models/any.js'
export { Beit, type BeitOutput } from './models/beit/beit.js'
export { Bert, type BertOutput } from './models/bert/bert.js'
export type { BertEncoderStates, BertInputs, BertPrompts } from './models/bert/inputs.js'
export { Clip } from './models/clip/clip.js'
export {
  ImageEncoder,
  type ImageEncoderOutput,
  TextEncoder,
  type TextEncoderOutput,
} from './models/clip/encoders.js'
export {
  type ContrastiveImages,
  type ContrastiveInputs,
  ContrastiveModel,
  type ContrastiveOptions,
  type ContrastiveOutput,
  type EncoderOutput,
  type Similarity,
} from './models/contrastive.js'
export { ConvNet, type ConvNetTrace } from './models/convnet/convnet.js'
export { ConvNext, type ConvNextOptions, type ConvNextOutputs } from './models/convnext/convnext.js'
export type { ConvNextTrace } from './models/convnext/trace.js'
export { Dpt, type DptOutput, type DptTrace } from './models/dpt/dpt.js'
export { type GenerateOptions, GenerativeModel, type StreamOptions } from './models/generative.js'
export { Gpt2, type Gpt2Inputs, type Gpt2Output } from './models/gpt2/gpt2.js'
export {
  ImageNetwork,
  type ImageNetworkOptions,
  type ImageNetworkOutputs,
  type ImageTrace,
} from './models/image-network.js'
export { type LoadOptions, load } from './models/load.js'
export {
  Mae,
  type MaeInputs,
  type MaeOptions,
  type MaeOutput,
  type MaeReconstruction,
} from './models/mae/mae.js'
export type { MarianGenerateInputs, MarianInputs, MarianSource } from './models/marian/inputs.js'
export { Marian, type MarianEncoded, type MarianOutput } from './models/marian/marian.js'
export { Mixer } from './models/mixer/mixer.js'
export { Model, type ModelInfo } from './models/model.js'
export type { States, StatesOptions } from './models/run-options.js'
export { Segformer, type SegformerOutput } from './models/segformer/segformer.js'
export { Swin, type SwinInputs, type SwinOptions, type SwinOutput } from './models/swin/swin.js'
export type { TextCleaning, TextForm } from './models/text-form.js'
export type { TextInputs, TextPrompts, TypedTextInputs } from './models/text-inputs.js'
export type { TransformerInputs } from './models/transformer/inputs.js'
export type { AttentionMask } from './models/transformer/masks.js'
export { Transformer, type TransformerOutput } from './models/transformer/transformer.js'
export type { AttentionRequest, VitInputs, VitOptions } from './models/vit/inputs.js'
export { Vit, type VitResult } from './models/vit/vit.js'
export type { TokenIds } from './nn/embedding.js'
export type { Mask } from './nn/mask.js'
export type { FloatTensor } from './ops/check.js'
export * as ops from './ops/index.js'
export type { CallOptions, ImageCallOptions, ImageModel, ImageOutputs } from './pipelines/base.js'
export type { DepthEstimate, DepthEstimation } from './pipelines/depth-estimation.js'
export { Embedder } from './pipelines/embedder.js'
export { env } from './pipelines/env.js'
export type {
  FeatureExtraction,
  FeatureExtractionOptions,
  Pooling,
  TextModel,
} from './pipelines/feature-extraction.js'
export type {
  EncodedTexts,
  Generation,
  GenerationCallOptions,
  StreamerOptions,
  TextBatch,
  TextStreamOptions,
} from './pipelines/generation.js'
export type {
  Classification,
  ImageClassification,
  ImageClassificationOptions,
  ScoreFunction,
} from './pipelines/image-classification.js'
export type {
  ImageFeatureExtraction,
  ImageFeatureExtractionOptions,
} from './pipelines/image-feature-extraction.js'
export type {
  ImageSegmentation,
  ImageSegmentationOptions,
  Segment,
  TargetSize,
} from './pipelines/image-segmentation.js'
export {
  loadEmbedder,
  type Pipeline,
  type PipelineOptions,
  type Pipelines,
  pipeline,
  type Task,
  tasks,
} from './pipelines/pipeline.js'
export type { Reduction } from './pipelines/pooling.js'
export { type Match, type SearchOptions, search, type Vectors } from './pipelines/search.js'
export { cos_sim, type SliceRange, TensorOutput } from './pipelines/tensor-output.js'
export type {
  GeneratedText,
  TextGeneration,
  TextGenerationOptions,
  TextGenerationStreamOptions,
} from './pipelines/text-generation.js'
export type {
  Rewriting,
  TextToText,
  TextToTextOptions,
  Translation,
  TranslationOutput,
} from './pipelines/text-to-text.js'
export type {
  ZeroShotImageClassification,
  ZeroShotImageClassificationOptions,
} from './pipelines/zero-shot-image-classification.js'
export type { DeviceName } from './runtime/native.js'
export type { RunOptions } from './runtime/run-options.js'
export type { Device, DTypeName, Session, SessionOptions, SessionRequest } from './runtime/session.js'
export type { NaturalDType, TensorData } from './tensor/data.js'
export { evaluate } from './tensor/evaluate.js'
export type { ElementOf, Nested } from './tensor/format.js'
export { Tensor } from './tensor/tensor.js'
export type { SpecialRole } from './text/class-defaults.js'
export type {
  BatchEncoding,
  BatchOptions,
  DecodeOptions as TokenDecodeOptions,
  EncodeOptions,
  Encoding,
  PadOptions,
} from './text/encoding.js'
export { loadTokenizer, type TokenizerOptions } from './text/index.js'
export type { Side, TokenizerOverrides, TokenizerSettings, TokenizerSource } from './text/settings.js'
export { Tokenizer } from './text/tokenizer.js'
export type { AddedToken, ExtraToken } from './text/tokenizer-json/added-tokens.js'
export type { TruncationStrategy } from './text/truncation.js'
export type { IgnoredTensor } from './weights/reader.js'
