// A line of the report: one layer, timed in turns with its peers and with the machine's own peak.
#pragma once
#include <stdint.h>

#include <functional>
#include <string>
#include <vector>

#include "machine.h"

namespace saccade::bench {

// One that computes the layer: this library, or a peer.
struct Contender {
  std::string name;
  // Computes the layer `calls` times over, on the memory whose turn it is in that run.
  std::function<void(int64_t run)> run;
};

// A layer with its memory, ready to run.
struct Workload {
  std::vector<Contender> contenders;  // this library first
  int64_t calls;                      // in a run of a contender
  double error;                       // of this library's result, against float64
};

struct Line {
  std::string group, name, variant;
  int32_t threads;
  double work;       // operations or bytes of one call
  Peak peak;         // what the rate is compared with; says whether `work` is operations or bytes
  std::string cold;  // what is not in the cache when a call begins
  bool quick;        // whether it is part of a quick run
  std::function<Workload()> make;
};

// Tell Google Benchmark of a line, and of the machine's own peaks. `machine` must outlive the run.
void enroll(const Line& line, Machine& machine, bool quick);
void enrollPeaks(Machine& machine);

// How many calls a run should make to take some milliseconds, if they ran at half the peak.
int64_t callsFor(double work, double peakRate);

}  // namespace saccade::bench
