/** The roles of special tokens. */
export const roles = ['bos', 'eos', 'unk', 'sep', 'pad', 'cls', 'mask'] as const
export type SpecialRole = (typeof roles)[number]

/** Properties of a tokenizer class that its files may leave out. */
export interface ClassDefaults {
  readonly tokens: Readonly<Partial<Record<SpecialRole, string>>>
  readonly maxLength?: number
  readonly inputs?: readonly string[]
  readonly paddingSide?: 'left'
}

const withSegments = ['input_ids', 'token_type_ids', 'attention_mask']
const bert = { unk: '[UNK]', sep: '[SEP]', pad: '[PAD]', cls: '[CLS]', mask: '[MASK]' }
const bart = { bos: '<s>', eos: '</s>', sep: '</s>', cls: '<s>', unk: '<unk>', pad: '<pad>', mask: '<mask>' }
const gemma = { bos: '<bos>', eos: '<eos>', unk: '<unk>', pad: '<pad>', mask: '<mask>' }
const end = '<|endoftext|>'

const classes: Readonly<Record<string, ClassDefaults>> = {
  BertTokenizer: { tokens: bert, inputs: withSegments },
  DistilBertTokenizer: { tokens: bert },
  ElectraTokenizer: { tokens: bert, inputs: withSegments },
  MobileBertTokenizer: { tokens: bert, inputs: withSegments },
  GPT2Tokenizer: { tokens: { bos: end, eos: end, unk: end } },
  CLIPTokenizer: { tokens: { bos: '<|startoftext|>', eos: end, unk: end, pad: end } },
  BartTokenizer: { tokens: bart },
  RobertaTokenizer: { tokens: bart },
  XLMRobertaTokenizer: { tokens: bart },
  NllbTokenizer: { tokens: bart },
  M2M100Tokenizer: { tokens: { bos: '<s>', eos: '</s>', sep: '</s>', unk: '<unk>', pad: '<pad>' } },
  T5Tokenizer: { tokens: { eos: '</s>', unk: '<unk>', pad: '<pad>' } },
  MarianTokenizer: { tokens: { eos: '</s>', unk: '<unk>', pad: '<pad>' }, maxLength: 512 },
  SiglipTokenizer: { tokens: { eos: '</s>', unk: '<unk>', pad: '</s>' }, maxLength: 64 },
  GemmaTokenizer: { tokens: gemma, paddingSide: 'left' },
  Siglip2Tokenizer: { tokens: gemma, paddingSide: 'left' },
  PreTrainedTokenizer: { tokens: {}, inputs: withSegments },
}

/** Tokenizer class by model_type, for folders whose tokenizer_config.json has none. */
const classOfModel: Readonly<Record<string, string>> = {
  align: 'BertTokenizer',
  bart: 'BartTokenizer',
  bert: 'BertTokenizer',
  blip: 'BertTokenizer',
  clip: 'CLIPTokenizer',
  distilbert: 'DistilBertTokenizer',
  electra: 'ElectraTokenizer',
  flava: 'BertTokenizer',
  florence2: 'BartTokenizer',
  git: 'BertTokenizer',
  gpt2: 'GPT2Tokenizer',
  m2m_100: 'M2M100Tokenizer',
  marian: 'MarianTokenizer',
  mobilebert: 'MobileBertTokenizer',
  roberta: 'RobertaTokenizer',
  siglip: 'SiglipTokenizer',
  siglip2: 'Siglip2Tokenizer',
  t5: 'T5Tokenizer',
  visual_bert: 'BertTokenizer',
  'xlm-roberta': 'XLMRobertaTokenizer',
}

export function defaultsOf(className: string): ClassDefaults {
  return Object.hasOwn(classes, className) ? classes[className]! : { tokens: {} }
}

export function classNameOfModel(modelType: string): string {
  return Object.hasOwn(classOfModel, modelType) ? classOfModel[modelType]! : ''
}

/** Whether the options for case, accents and ideographs of a class are in tokenizer_config.json. */
export function isBert(className: string): boolean {
  return defaultsOf(className).tokens.cls === bert.cls
}
