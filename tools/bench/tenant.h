#ifndef LATCHKEY_TOOLS_BENCH_TENANT_H_
#define LATCHKEY_TOOLS_BENCH_TENANT_H_

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "tools/bench/channels.h"

namespace latchkey::benchmark {

// What the loads need on a server: a workspace with a member who made some custom integrations, and
// a service that verifies and that acts on behalf of the member.
struct Tenant {
  std::string workspace;          // name
  std::string service;            // name
  std::vector<std::string> apps;  // names, each of a CUSTOM_INTEGRATION
  Metadata as_service;
  Metadata on_behalf_of_member;
};

// Makes one, with names that no other run uses.
// Errors are those of the calls.
absl::StatusOr<Tenant> MakeTenant(const Channels& channels, const Metadata& as_operator);

// Suspends the workspace, which ends all its tokens, and deletes the service.
absl::Status RetireTenant(const Channels& channels, const Metadata& as_operator,
                          const Tenant& tenant);

}  // namespace latchkey::benchmark

#endif  // LATCHKEY_TOOLS_BENCH_TENANT_H_
