// Which cores are used by default.
#include "../../native/runtime/machine.h"

#include <doctest/doctest.h>

#ifdef __linux__
#include <sched.h>

using namespace saccade;

// usableCores() looks once: nothing else in this program may call it before.
TEST_CASE("no more cores are used than the process may run on") {
  cpu_set_t allowed;
  REQUIRE(sched_getaffinity(0, sizeof allowed, &allowed) == 0);
  REQUIRE(CPU_COUNT(&allowed) >= 1);
  int core = 0;
  while (!CPU_ISSET(core, &allowed)) ++core;
  cpu_set_t one;
  CPU_ZERO(&one);
  CPU_SET(core, &one);
  REQUIRE(sched_setaffinity(0, sizeof one, &one) == 0);
  CHECK(usableCores() == 1);
}
#endif
