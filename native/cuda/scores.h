// Shared by attention and attentionWeights: which keys a query sees, and their scores.
#pragma once
#include "../runtime/op.h"
#include "device/math.h"
#include "device/memory.h"
#include "device/number.h"

namespace saccade::cuda {

struct ScoreArguments {
  View q, k, mask, keyLength;
  float scale;
  bool causal;
  int64_t window;   // 0: none
  int64_t first;    // query that row 0 of q is
  int64_t queries;  // in all
};

// From the attributes [scale, causal, window].
inline ScoreArguments scoreArguments(const View& q, const View& k, const View& mask, const View& keyLength,
                                     const double* attribute, int64_t first, int64_t queries) {
  return {q,
          k,
          mask,
          keyLength,
          static_cast<float>(attribute[0]),
          attribute[1] != 0,
          static_cast<int64_t>(attribute[2]),
          first,
          queries};
}

// The keys of one query.
template <class T>
class Scores {
 public:
  SACCADE_DEVICE Scores(const ScoreArguments& arguments, int64_t batch, int64_t head, int64_t row)
      : q_(globalOf<const T>(arguments.q) +
           (batch * arguments.q.stride[0] + head * arguments.q.stride[1] + row * arguments.q.stride[2])),
        k_(globalOf<const T>(arguments.k) + (batch * arguments.k.stride[0] + head * arguments.k.stride[1])),
        keyStride_(arguments.k.stride[2]),
        depth_(arguments.q.dim[3]),
        scale_(arguments.scale) {
    int64_t keys = arguments.k.dim[2];
    if (!isAbsent(arguments.keyLength)) {
      const int64_t length =
          globalOf<const int32_t>(arguments.keyLength).read(batch * arguments.keyLength.stride[0]);
      keys = length < 0 ? 0 : length < keys ? length : keys;
    }
    if (!isAbsent(arguments.mask)) {
      const View& mask = arguments.mask;
      mask_ = globalOf<const float>(mask) +
              (batch * mask.stride[0] + head * mask.stride[1] + row * mask.stride[2]);
      maskStride_ = mask.stride[3];
    }
    const int64_t position = keys - arguments.queries + arguments.first + row, window = arguments.window;
    to_ = arguments.causal && position + 1 < keys ? position + 1 : keys;
    if (window > 0) {
      if (position - window > 0) from_ = position - window;
      if (position + window + 1 < to_) to_ = position + window + 1;
    }
  }

  // It sees keys from..to-1 at most; none if from >= to.
  SACCADE_DEVICE int64_t from() const { return from_; }
  SACCADE_DEVICE int64_t to() const { return to_; }

  // False if the query does not see the key. Nothing of a hidden key is read.
  SACCADE_DEVICE bool score(int64_t key, float& score) const {
    if (key < from_ || key >= to_) return false;
    float added = 0;
    if (mask_) {
      added = mask_.read(key * maskStride_);
      if (added == -infinity()) return false;
    }
    float sum = 0;
    for (int64_t d = 0; d < depth_; ++d)
      sum = fused(toFloat(q_.read(d)) * scale_, toFloat(k_.read(key * keyStride_ + d)), sum);
    score = sum + added;
    return true;
  }

 private:
  Global<const T> q_, k_;
  Global<const float> mask_;
  int64_t keyStride_, maskStride_ = 0, depth_;
  int64_t from_ = 0, to_;
  float scale_;
};

// The maximum, without regard to NaN: the exponentials keep it.
struct LargerScore {
  SACCADE_DEVICE float operator()(float a, float b) const { return a > b ? a : isNan(a) || b > a ? b : a; }
};

}  // namespace saccade::cuda
