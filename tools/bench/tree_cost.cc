#include "tools/bench/tree_cost.h"

#include <ctime>
#include <string>
#include <utility>
#include <vector>

#include "latchkey/v1/admin_service.grpc.pb.h"
#include "latchkey/v1/audit_service.grpc.pb.h"
#include "server/base/status_macros.h"
#include "storage/log_tree.h"
#include "storage/merkle/merkle_tree.h"

namespace latchkey::benchmark {
namespace {

constexpr int kEvents = 200'000;
constexpr int kEventsInCommit = 25;

double CpuMicroseconds() {
  timespec now{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) * 1e6 + static_cast<double>(now.tv_nsec) / 1e3;
}

absl::StatusOr<std::string> NewestEvent(const Subject& subject) {
  v1::AdminService::Stub admin(subject.channels.front());
  LATCHKEY_ASSIGN_OR_RETURN(const v1::GetStatusResponse status,
                            CallOnce(admin, &v1::AdminService::Stub::GetStatus, subject.as_operator,
                                     v1::GetStatusRequest()));
  v1::AuditService::Stub audit(subject.channels.front());
  v1::GetEventRequest request;
  request.set_sequence(status.newest_revision());
  LATCHKEY_ASSIGN_OR_RETURN(
      const v1::GetEventResponse response,
      CallOnce(audit, &v1::AuditService::Stub::GetEvent, subject.as_operator, request));
  return response.event().SerializeAsString();
}

}  // namespace

absl::StatusOr<Spread> TreeCostOfEvent(const Lab& lab, const Subject& subject) {
  LATCHKEY_ASSIGN_OR_RETURN(const std::string event, NewestEvent(subject));
  std::vector<double> costs;
  for (int round = 0; round < lab.options.rounds; ++round) {
    storage::TreeGrowth tree{merkle::Frontier()};
    const double begin = CpuMicroseconds();
    for (int i = 0; i < kEvents; ++i) {
      tree.Append(merkle::LeafHash(event));
      if (i % kEventsInCommit == 0) tree.TakeChunks();
    }
    costs.push_back((CpuMicroseconds() - begin) / kEvents);
  }
  return SpreadOf(std::move(costs));
}

}  // namespace latchkey::benchmark
