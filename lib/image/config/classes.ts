import type { ResampleFilter } from '../../ops/resample.js'
import type { Size } from '../spec.js'
import { clip, half, imagenet } from './values.js'

/** What an image processor of transformers does where its config has no key. */
export interface ProcessorClass {
  readonly resample: ResampleFilter
  /** Height and width, or the length of the shorter edge. */
  readonly size: Size | number
  /** The meaning of a size that is one number: height and width, instead of the shorter edge. */
  readonly square: boolean
  /** Size of the center crop; a class that crops only if its config says so can have one. */
  readonly cropSize?: Size
  readonly crop: boolean
  /** The class has no crop, whatever its config says. */
  readonly neverCrops?: boolean
  readonly normalize: { readonly mean: readonly number[]; readonly std: readonly number[] }
}

const crop224 = { cropSize: [224, 224], crop: true } as const
const size224 = { size: [224, 224], square: true } as const
const shortest224 = { size: 224, square: false } as const
const mobileNet = {
  resample: 'bilinear',
  size: 256,
  square: false,
  ...crop224,
  normalize: half,
} as const

/** The image processors that are read, by the name of their class without `ImageProcessor`. */
export const processorClasses: Readonly<Record<string, ProcessorClass>> = {
  Beit: { resample: 'bicubic', ...size224, cropSize: [224, 224], crop: false, normalize: half },
  Bit: { resample: 'bicubic', ...shortest224, ...crop224, normalize: clip },
  Blip: { resample: 'bicubic', size: [384, 384], square: true, crop: false, normalize: clip },
  CLIP: { resample: 'bicubic', ...shortest224, ...crop224, normalize: clip },
  ChineseCLIP: { resample: 'bicubic', ...shortest224, ...crop224, normalize: clip },
  ConvNext: { resample: 'bicubic', size: 384, square: false, crop: false, normalize: half },
  DPT: {
    ...{ resample: 'bicubic', size: [384, 384], square: true, crop: false, neverCrops: true },
    normalize: half,
  },
  DINOv3ViT: { resample: 'bilinear', ...size224, crop: false, normalize: imagenet },
  DeiT: { resample: 'bicubic', size: [256, 256], square: true, ...crop224, normalize: half },
  EfficientNet: {
    resample: 'bicubic',
    size: [346, 346],
    square: true,
    cropSize: [289, 289],
    crop: false,
    normalize: half,
  },
  Flava: { resample: 'bicubic', ...size224, ...crop224, normalize: clip },
  MobileNetV1: mobileNet,
  MobileNetV2: mobileNet,
  Pvt: { resample: 'bicubic', ...size224, crop: false, normalize: imagenet },
  Segformer: {
    ...{ resample: 'bilinear', size: [512, 512], square: true, crop: false, neverCrops: true },
    normalize: imagenet,
  },
  Siglip: { resample: 'bicubic', size: [224, 224], square: false, crop: false, normalize: half },
  Siglip2: { resample: 'bilinear', size: 256, square: false, crop: false, normalize: half },
  ViT: { resample: 'bilinear', ...size224, crop: false, normalize: half },
  ViTHybrid: { resample: 'bicubic', ...shortest224, ...crop224, normalize: clip },
}

/**
 * The class of a model_type, for configs that name none (those of the first years). Source: IMAGE_PROCESSOR_MAPPING of
 * transformers.
 */
const modelTypes: Readonly<Record<string, readonly string[]>> = {
  Beit: ['beit', 'data2vec-vision'],
  Bit: ['bit', 'dinov2', 'dinov2_with_registers', 'focalnet', 'hiera', 'pixio'],
  Blip: ['blip', 'blip-2', 'instructblip'],
  CLIP: ['clip', 'clip_vision_model', 'aimv2', 'altclip', 'git', 'groupvit', 'metaclip_2', 'mlcd', 'xclip'],
  ChineseCLIP: ['chinese_clip'],
  ConvNext: ['convnext', 'convnextv2', 'cvt', 'regnet', 'resnet'],
  DPT: ['dpt', 'depth_anything'],
  DINOv3ViT: ['dinov3_vit', 'dinov3_convnext'],
  DeiT: ['deit'],
  EfficientNet: ['efficientnet', 'align'],
  Flava: ['flava'],
  MobileNetV1: ['mobilenet_v1'],
  MobileNetV2: ['mobilenet_v2'],
  Pvt: ['pvt', 'pvt_v2'],
  Segformer: ['segformer'],
  Siglip: ['siglip', 'siglip_vision_model'],
  Siglip2: ['siglip2', 'siglip2_vision_model'],
  ViT: [
    ...['vit', 'vit_mae', 'vit_msn', 'ijepa', 'swin', 'swinv2', 'swiftformer', 'dinat', 'clipseg'],
    ...['mgp-str', 'trocr'],
  ],
  ViTHybrid: ['vit-hybrid'],
}

/** The name of the class for a model_type, or undefined. */
export function classOfModelType(modelType: string): string | undefined {
  return Object.keys(modelTypes).find((name) => modelTypes[name]!.includes(modelType))
}
