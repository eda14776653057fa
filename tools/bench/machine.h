#ifndef LATCHKEY_TOOLS_BENCH_MACHINE_H_
#define LATCHKEY_TOOLS_BENCH_MACHINE_H_

#include <string>
#include <utility>
#include <vector>

namespace latchkey::benchmark {

// Returns what figures depend on, by name: the time, the cores, their model, the kernel, and the
// versions and the kind of build of this program.
std::vector<std::pair<std::string, std::string>> DescribeMachine();

}  // namespace latchkey::benchmark

#endif  // LATCHKEY_TOOLS_BENCH_MACHINE_H_
