// The matrix products of the models that are measured, for one input; a batch has as many times the rows.
#pragma once
#include <stdint.h>

namespace saccade::bench {

struct GemmShape {
  const char* model;
  const char* layer;
  int64_t m, k, n;
  bool quick;
};

constexpr GemmShape kGemmShapes[] = {
    {"ViT-B-16", "patches", 196, 768, 768, false},
    {"ViT-B-16", "q k v", 197, 768, 2304, true},
    {"ViT-B-16", "attention out", 197, 768, 768, true},
    {"ViT-B-16", "mlp in", 197, 768, 3072, true},
    {"ViT-B-16", "mlp out", 197, 3072, 768, true},
    {"ViT-B-16", "head", 1, 768, 1000, false},

    {"ConvNeXt-T", "stem", 3136, 48, 96, false},
    {"ConvNeXt-T", "stage 1 in", 3136, 96, 384, true},
    {"ConvNeXt-T", "stage 1 out", 3136, 384, 96, true},
    {"ConvNeXt-T", "stage 2 in", 784, 192, 768, false},
    {"ConvNeXt-T", "stage 2 out", 784, 768, 192, false},
    {"ConvNeXt-T", "stage 3 in", 196, 384, 1536, false},
    {"ConvNeXt-T", "stage 3 out", 196, 1536, 384, false},
    {"ConvNeXt-T", "stage 4 in", 49, 768, 3072, true},
    {"ConvNeXt-T", "stage 4 out", 49, 3072, 768, true},
    {"ConvNeXt-T", "downsample 1", 784, 384, 192, false},
    {"ConvNeXt-T", "downsample 2", 196, 768, 384, false},
    {"ConvNeXt-T", "downsample 3", 49, 1536, 768, false},
    {"ConvNeXt-T", "head", 1, 768, 1000, false},

    // An encoder over 128 words; a decoder one word at a time.
    {"Transformer-base", "encoder q k v", 128, 512, 1536, false},
    {"Transformer-base", "encoder attention out", 128, 512, 512, true},
    {"Transformer-base", "encoder feed in", 128, 512, 2048, true},
    {"Transformer-base", "encoder feed out", 128, 2048, 512, false},
    {"Transformer-base", "cross attention k v", 128, 512, 1024, false},
    {"Transformer-base", "decoder q k v", 1, 512, 1536, false},
    {"Transformer-base", "decoder attention out", 1, 512, 512, false},
    {"Transformer-base", "decoder feed in", 1, 512, 2048, true},
    {"Transformer-base", "decoder feed out", 1, 2048, 512, false},
    {"Transformer-base", "decoder words", 1, 512, 32000, false},

    {"square", "2048", 2048, 2048, 2048, true},
};

}  // namespace saccade::bench
