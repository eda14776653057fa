#ifndef LATCHKEY_TOOLS_BENCH_LOADS_H_
#define LATCHKEY_TOOLS_BENCH_LOADS_H_

#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "tools/bench/channels.h"
#include "tools/bench/closed_loop.h"
#include "tools/bench/tenant.h"

namespace latchkey::benchmark {

// Returns which of some things is next.
using Picker = std::function<std::size_t()>;

// Any of `count` things, each as likely as the others. The same every time.
Picker PickAny(std::size_t count);

// Each of `count` things once in an order without locality, then again. `start` things are passed
// over.
Picker PickEachOnce(std::size_t count, std::size_t start);

// Verify of one of `secrets`, which outlive the load. Every answer must be ACTIVE.
std::unique_ptr<Load> MakeVerifyLoad(const Channels& channels, const Tenant& tenant,
                                     const std::vector<std::string>& secrets, Picker pick);

// BatchVerify of `batch` of them.
std::unique_ptr<Load> MakeBatchVerifyLoad(const Channels& channels, const Tenant& tenant,
                                          const std::vector<std::string>& secrets, Picker pick,
                                          int batch);

struct IssueOptions {
  // Whether each call has a request id, for which the server keeps its answer.
  bool request_ids = false;
  // Whether all tokens are of the tenant's first app, and not of each in turn.
  bool one_app = false;
  // Gets the secrets; outlives the load. Null: they are thrown away.
  std::vector<std::string>* secrets = nullptr;
};

// IssueToken of a CUSTOM_BOT, by the service on behalf of the member.
std::unique_ptr<Load> MakeIssueLoad(const Channels& channels, const Tenant& tenant,
                                    IssueOptions options);

// Echo with messages of these sizes, and with the same metadata as the call that it stands for.
std::unique_ptr<Load> MakeEchoLoad(const Channels& channels, const Metadata& metadata,
                                   std::size_t request_bytes, std::size_t response_bytes);

}  // namespace latchkey::benchmark

#endif  // LATCHKEY_TOOLS_BENCH_LOADS_H_
