// The lines of each family of layers.
#pragma once
#include <vector>

#include "line.h"

namespace saccade::bench {

std::vector<Line> gemmLines(Machine& machine);
std::vector<Line> attentionLines(Machine& machine);
std::vector<Line> rowLines(Machine& machine);        // layer norm, softmax, GELU
std::vector<Line> depthwiseLines(Machine& machine);  // 7x7 and the norm after it
std::vector<Line> resampleLines(Machine& machine);

}  // namespace saccade::bench
