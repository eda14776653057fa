#ifndef LATCHKEY_TOOLS_BENCH_TREE_COST_H_
#define LATCHKEY_TOOLS_BENCH_TREE_COST_H_

#include "absl/status/statusor.h"
#include "tools/bench/lab.h"

namespace latchkey::benchmark {

// Returns the CPU time, in microseconds, that the log's Merkle tree takes for an event: the hash of
// the newest event's bytes, the nodes that it completes, and the encoded chunk of a commit of 25
// events; measured in this process by the code that the server runs, once a round. What the store
// takes to write the chunk, one key of some hundred bytes for the 25, is not in it.
// Errors are those of the calls that read the event.
absl::StatusOr<Spread> TreeCostOfEvent(const Lab& lab, const Subject& subject);

}  // namespace latchkey::benchmark

#endif  // LATCHKEY_TOOLS_BENCH_TREE_COST_H_
