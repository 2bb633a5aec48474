// The mapped files that a program or a run reads.
#pragma once
#include <memory>
#include <vector>

#include "mapping.h"
#include "memory.h"

namespace saccade {

class Files {
 public:
  // Adds the file that the memory is a part of, if it is.
  void add(const Memory& memory);
  // Throws WEIGHTS_CORRUPT if one of them has changed: results that were computed from it are not valid.
  void check() const;

 private:
  std::vector<std::shared_ptr<const Mapping>> files_;
};

}  // namespace saccade
